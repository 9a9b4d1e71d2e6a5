using System.Numerics;

namespace Ayni.Training;

/// <summary>
/// The Merkle tree of RFC 6962, section 2.1, over values of 32 bytes: a leaf is SHA-256 of 0x00 and its value, a node of 0x01 and its two
/// children. Over a sorted list, a value's path proves that it is there, and the paths of two neighbours that nothing is between them.
/// </summary>
internal static class MerkleTree
{
    /// <summary>The root of a list of one value or more.</summary>
    public static DocumentDigest Root(ReadOnlySpan<DocumentDigest> values) => values.Length == 1
        ? Leaf(values[0])
        : Node(Root(values[..Split(values.Length)]), Root(values[Split(values.Length)..]));

    /// <summary>What beside a value leads to the root, from the leaf upwards.</summary>
    public static IReadOnlyList<DocumentDigest> Path(ReadOnlySpan<DocumentDigest> values, int index)
    {
        var path = new List<DocumentDigest>();
        while (values.Length > 1)
        {
            var split = Split(values.Length);
            path.Add(Root(index < split ? values[split..] : values[..split]));
            values = index < split ? values[..split] : values[split..];
            index -= index < split ? 0 : split;
        }
        path.Reverse();
        return path;
    }

    /// <summary>Whether a path leads from a value at its place to a root (RFC 9162, section 2.1.3.2).</summary>
    public static bool Verify(DocumentDigest root, long count, long index, DocumentDigest value, IReadOnlyList<DocumentDigest> path)
    {
        if (index < 0 || index >= count)
            return false;
        var (place, last, hash) = (index, count - 1, Leaf(value));
        foreach (var other in path)
        {
            if (last == 0)
                return false;
            if ((place & 1) == 1 || place == last)
            {
                hash = Node(other, hash);
                while ((place & 1) == 0 && place != 0)
                    (place, last) = (place >> 1, last >> 1);
            }
            else
            {
                hash = Node(hash, other);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        return last == 0 && hash == root;
    }

    /// <summary>The largest power of two below a count.</summary>
    private static int Split(int count) => 1 << BitOperations.Log2((uint)(count - 1));

    private static DocumentDigest Leaf(DocumentDigest value)
    {
        Span<byte> bytes = stackalloc byte[1 + DocumentDigest.Bytes];
        bytes[0] = 0;
        value.CopyTo(bytes[1..]);
        return DocumentDigest.Of(bytes);
    }

    private static DocumentDigest Node(DocumentDigest left, DocumentDigest right)
    {
        Span<byte> bytes = stackalloc byte[1 + 2 * DocumentDigest.Bytes];
        bytes[0] = 1;
        left.CopyTo(bytes[1..]);
        right.CopyTo(bytes[(1 + DocumentDigest.Bytes)..]);
        return DocumentDigest.Of(bytes);
    }
}
