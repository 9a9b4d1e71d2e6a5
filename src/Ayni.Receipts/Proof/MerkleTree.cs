using System.Numerics;
using System.Security.Cryptography;

namespace Ayni.Receipts;

/// <summary>
/// The shape of RFC 6962's Merkle tree (section 2.1) over nodes of any kind: the left side of a tree has the largest power of two of leaves
/// that leaves one for the right. Where a leaf stands follows from its index and the number of leaves, so a path says no sides.
/// </summary>
internal static class MerkleTree
{
    /// <summary>Levels of the tallest tree believed.</summary>
    public const int MostLevels = 40;

    /// <summary>The largest power of two below a count of two or more.</summary>
    public static long Split(long count) => 1L << BitOperations.Log2((ulong)(count - 1));

    /// <summary>The root of one leaf or more.</summary>
    public static T Root<T>(ReadOnlySpan<T> leaves, Func<T, T, T> join)
    {
        if (leaves.Length == 1)
            return leaves[0];
        var split = (int)Split(leaves.Length);
        return join(Root(leaves[..split], join), Root(leaves[split..], join));
    }

    /// <summary>What beside a leaf leads to the root, from the leaf upwards.</summary>
    public static List<T> Path<T>(ReadOnlySpan<T> leaves, int index, Func<T, T, T> join)
    {
        var path = new List<T>();
        while (leaves.Length > 1)
        {
            var split = (int)Split(leaves.Length);
            path.Add(Root(index < split ? leaves[split..] : leaves[..split], join));
            leaves = index < split ? leaves[..split] : leaves[split..];
            index -= index < split ? 0 : split;
        }
        path.Reverse();
        return path;
    }

    /// <summary>
    /// Follows a path from a leaf up (RFC 9162, section 2.1.3.2). False if the path is not as long as the place asks for.
    /// </summary>
    public static bool TryClimb<T>(T leaf, long index, long count, ReadOnlySpan<T> path, Func<T, T, T> join, out T root)
    {
        root = leaf;
        if (index < 0 || index >= count)
            return false;
        var (place, last) = (index, count - 1);
        foreach (var other in path)
        {
            if (last == 0)
                return false;
            if ((place & 1) == 1 || place == last)
            {
                root = join(other, root);
                while ((place & 1) == 0 && place != 0)
                    (place, last) = (place >> 1, last >> 1);
            }
            else
            {
                root = join(root, other);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        return last == 0;
    }

    /// <summary>
    /// Whether a path proves that a tree of <paramref name="newCount"/> leaves begins with the one of <paramref name="oldCount"/> leaves
    /// (RFC 9162, section 2.1.4.2).
    /// </summary>
    public static bool IsConsistent(long oldCount, Digest oldRoot, long newCount, Digest newRoot, ReadOnlySpan<Digest> path)
    {
        if (oldCount < 0 || oldCount > newCount)
            return false;
        if (oldCount == newCount || oldCount == 0)
            return path.IsEmpty && (oldCount == 0 || oldRoot == newRoot);
        var (place, last) = (oldCount - 1, newCount - 1);
        while ((place & 1) == 1)
            (place, last) = (place >> 1, last >> 1);
        Digest old, now;
        if (place == 0)
        {
            old = now = oldRoot;
        }
        else
        {
            if (path.IsEmpty)
                return false;
            old = now = path[0];
            path = path[1..];
        }
        foreach (var other in path)
        {
            if (last == 0)
                return false;
            if ((place & 1) == 1 || place == last)
            {
                old = Join(other, old);
                now = Join(other, now);
                while ((place & 1) == 0 && place != 0)
                    (place, last) = (place >> 1, last >> 1);
            }
            else
            {
                now = Join(now, other);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        return last == 0 && old == oldRoot && now == newRoot;
    }

    /// <summary>The root of no leaves: the hash of nothing.</summary>
    public static Digest Empty => Digest.Of([]);

    /// <summary>The hash of a leaf: SHA-256 of 0x00 and its content.</summary>
    public static Digest Leaf(ReadOnlySpan<byte> content, ProofChecks checks = default)
    {
        if (!checks.Has(ProofCheck.DomainSeparation))
            return Digest.Of(content);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0]);
        hash.AppendData(content);
        Span<byte> value = stackalloc byte[Digest.Size];
        hash.GetHashAndReset(value);
        return Digest.FromBytes(value);
    }

    /// <summary>The hash of a leaf that is a hash itself.</summary>
    public static Digest Leaf(Digest content)
    {
        Span<byte> bytes = stackalloc byte[1 + Digest.Size];
        bytes[0] = 0;
        content.WriteTo(bytes[1..]);
        return Digest.Of(bytes);
    }

    /// <summary>The hash of a node: SHA-256 of 0x01 and its children.</summary>
    public static Digest Join(Digest left, Digest right) => Join(left, right, ProofChecks.All);

    /// <summary>The hash of a node.</summary>
    public static Digest Join(Digest left, Digest right, ProofChecks checks)
    {
        Span<byte> bytes = stackalloc byte[1 + 2 * Digest.Size];
        bytes[0] = 1;
        left.WriteTo(bytes[1..]);
        right.WriteTo(bytes[(1 + Digest.Size)..]);
        return Digest.Of(checks.Has(ProofCheck.DomainSeparation) ? bytes : bytes[1..]);
    }

    /// <summary>The root of a list of leaves' hashes, also of none.</summary>
    public static Digest Root(ReadOnlySpan<Digest> leaves) => leaves.IsEmpty ? Empty : Root(leaves, Join);
}
