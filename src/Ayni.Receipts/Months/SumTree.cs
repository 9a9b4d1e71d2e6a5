using System.Security.Cryptography;
using System.Text;

namespace Ayni.Receipts;

/// <summary>Which summation tree of a period and currency.</summary>
public enum SumTreeKind
{
    /// <summary>Receipts and their charges.</summary>
    Receipts = 0,

    /// <summary>Adjustments that add to what is charged.</summary>
    Additions = 1,

    /// <summary>Adjustments that take away from it; their money is written without its minus.</summary>
    Reductions = 2,
}

/// <summary>
/// One leaf of a summation tree. It shows its id, by which leaves are ordered, and its sums; everything else is behind a commitment, which
/// only its salt and the item's canonical bytes open.
/// </summary>
/// <param name="Id">The receipt's or adjustment's id, in ASCII.</param>
/// <param name="Sums">What it adds.</param>
/// <param name="Commitment">What commits to the item.</param>
internal readonly record struct SumLeaf(string Id, Sums Sums, Digest Commitment)
{
    /// <summary>Bytes of a salt: 128 bits that nobody can guess.</summary>
    public const int SaltBytes = 16;

    /// <summary>Bytes of the longest id.</summary>
    public const int LongestId = 64;

    private static ReadOnlySpan<byte> CommitmentTag => "ayni/leaf/v1\0\0\0\0"u8;

    /// <summary>The leaf of a receipt. Throws <see cref="ProofException"/> for an id that no ledger gives.</summary>
    public static SumLeaf Of(Receipt receipt, Digest commitment)
    {
        ProofChecks.All.Demand(
            ProofCheck.Format, IsId(receipt.Id), $"A receipt's id has 1 to {LongestId} characters of ASCII.");
        return new(receipt.Id, new(1, receipt.Counts, receipt.Charge.Units), commitment);
    }

    /// <summary>Whether a text may be a leaf's id.</summary>
    public static bool IsId(string text) => text.Length is > 0 and <= LongestId && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>SHA-256 of a tag, the salt and the item's canonical bytes.</summary>
    public static Digest Commit(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> canonical)
    {
        Span<byte> hash = stackalloc byte[Digest.Size];
        Span<byte> bytes = canonical.Length <= 1024 ? stackalloc byte[CommitmentTag.Length + SaltBytes + canonical.Length]
            : new byte[CommitmentTag.Length + SaltBytes + canonical.Length];
        CommitmentTag.CopyTo(bytes);
        salt.CopyTo(bytes[CommitmentTag.Length..]);
        canonical.CopyTo(bytes[(CommitmentTag.Length + SaltBytes)..]);
        SHA256.HashData(bytes, hash);
        return Digest.FromBytes(hash);
    }

    /// <summary>The salt of an item under its customer's secret: the first half of HMAC-SHA256 of its id.</summary>
    public static byte[] Salt(ReadOnlySpan<byte> secret, string id)
    {
        Span<byte> name = stackalloc byte[LongestId];
        Span<byte> hash = stackalloc byte[Digest.Size];
        HMACSHA256.HashData(secret, name[..Encoding.ASCII.GetBytes(id, name)], hash);
        return hash[..SaltBytes].ToArray();
    }

    /// <summary>The leaf as a node: SHA-256 of 0x00, its sums, its id's length and id, and its commitment.</summary>
    public SumNode ToNode(ProofChecks checks)
    {
        Span<byte> bytes = stackalloc byte[1 + Sums.Size + 1 + LongestId + Digest.Size];
        bytes[0] = 0;
        Sums.WriteTo(bytes[1..]);
        var at = 1 + Sums.Size;
        bytes[at] = (byte)Id.Length;
        at += 1 + Encoding.ASCII.GetBytes(Id, bytes[(at + 1)..]);
        Commitment.WriteTo(bytes[at..]);
        var content = checks.Has(ProofCheck.Commitment) ? bytes[..(at + Digest.Size)] : bytes[..(1 + Sums.Size)];
        return new(Digest.Of(checks.Has(ProofCheck.DomainSeparation) ? content : content[1..]), Sums);
    }
}

/// <summary>A node of a summation tree: a hash and what all leaves below it add up to.</summary>
/// <param name="Hash">It binds both children's hashes and both children's sums.</param>
/// <param name="Sums">The sums.</param>
public readonly record struct SumNode(Digest Hash, Sums Sums)
{
    /// <summary>Bytes of the encoding.</summary>
    internal const int Size = Digest.Size + Sums.Size;

    /// <summary>
    /// The node over two others: SHA-256 of 0x01, the left hash and sums, the right hash and sums. Throws <see cref="ProofException"/> if
    /// sums are out of range.
    /// </summary>
    internal static SumNode Join(SumNode left, SumNode right, ProofChecks checks)
    {
        var sums = Sums.Add(left.Sums, right.Sums, checks);
        Span<byte> bytes = stackalloc byte[1 + 2 * Size];
        bytes[0] = 1;
        if (checks.Has(ProofCheck.BoundSums))
        {
            left.WriteTo(bytes[1..]);
            right.WriteTo(bytes[(1 + Size)..]);
        }
        else
        {
            left.Hash.WriteTo(bytes[1..]);
            right.Hash.WriteTo(bytes[(1 + Digest.Size)..]);
            sums.WriteTo(bytes[(1 + 2 * Digest.Size)..]);
            bytes = bytes[..(1 + 2 * Digest.Size + Sums.Size)];
        }
        return new(Digest.Of(checks.Has(ProofCheck.DomainSeparation) ? bytes : bytes[1..]), sums);
    }

    internal static SumNode Join(SumNode left, SumNode right) => Join(left, right, ProofChecks.All);

    internal void WriteTo(Span<byte> bytes)
    {
        Hash.WriteTo(bytes);
        Sums.WriteTo(bytes[Digest.Size..]);
    }

    internal static SumNode Read(ReadOnlySpan<byte> bytes) => new(Digest.FromBytes(bytes[..Digest.Size]), Sums.Read(bytes[Digest.Size..]));
}

/// <summary>
/// Builds a summation tree from its leaves in order, in the memory of one path and of one node for each 4096 leaves: from those nodes and
/// the leaves of one chunk any path can be computed.
/// </summary>
internal sealed class SumTreeBuilder
{
    /// <summary>Levels of a chunk.</summary>
    public const int ChunkLevels = 12;

    /// <summary>Leaves of a chunk.</summary>
    public const int ChunkLeaves = 1 << ChunkLevels;

    private readonly List<SumChunk> _chunks = [];
    private readonly Stack<(int Level, SumNode Node)> _open = new();
    private string? _last;
    private string _firstOfChunk = "";

    /// <summary>Leaves so far.</summary>
    public long Count { get; private set; }

    /// <summary>
    /// Adds the next leaf. Throws <see cref="ProofException"/> if it is not after the one before, or if sums leave their range.
    /// </summary>
    public void Add(SumLeaf leaf, ProofChecks checks = default)
    {
        checks.Demand(
            ProofCheck.Order, _last is null || string.CompareOrdinal(_last, leaf.Id) < 0, $"{leaf.Id} is not after {_last} in the tree.");
        checks.Demand(ProofCheck.Range, leaf.Sums.AreInRange, $"The sums of {leaf.Id} are negative or larger than their width.");
        _last = leaf.Id;
        if (_open.Count == 0)
            _firstOfChunk = leaf.Id;
        Count++;
        var (level, node) = (0, leaf.ToNode(ProofChecks.All));
        while (_open.TryPeek(out var top) && top.Level == level)
            (level, node) = (level + 1, SumNode.Join(_open.Pop().Node, node));
        if (level == ChunkLevels)
            _chunks.Add(new(_firstOfChunk, node));
        else
            _open.Push((level, node));
    }

    /// <summary>Ends the tree. Its chunks, of which the last may have fewer leaves; none without leaves.</summary>
    public IReadOnlyList<SumChunk> Complete()
    {
        if (_open.TryPop(out var rest))
        {
            var node = rest.Node;
            while (_open.TryPop(out var left))
                node = SumNode.Join(left.Node, node);
            _chunks.Add(new(_firstOfChunk, node));
        }
        return _chunks;
    }

    /// <summary>The root over chunks.</summary>
    public static SumNode Root(IReadOnlyList<SumChunk> chunks) =>
        MerkleTree.Root<SumNode>(chunks.Select(chunk => chunk.Node).ToArray(), SumNode.Join);
}

/// <summary>4096 leaves of a summation tree that stand side by side, or those left over at its end.</summary>
/// <param name="FirstId">The id of the first leaf.</param>
/// <param name="Node">The node over them.</param>
internal readonly record struct SumChunk(string FirstId, SumNode Node);

/// <summary>Builds all trees of a period: each item goes into that of its currency and kind.</summary>
internal sealed class SumTrees
{
    private readonly SortedDictionary<(string Code, SumTreeKind Kind), SumTreeBuilder> _builders = new(Comparer<(string Code, SumTreeKind Kind)>.Create(
        (left, right) => string.CompareOrdinal(left.Code, right.Code) is var order and not 0 ? order : left.Kind.CompareTo(right.Kind)));

    /// <summary>Adds the next leaf of a tree (<see cref="SumTreeBuilder.Add"/>).</summary>
    public void Add(Currency currency, SumTreeKind kind, SumLeaf leaf, ProofChecks checks = default)
    {
        if (!_builders.TryGetValue((currency.Code, kind), out var builder))
            _builders.Add((currency.Code, kind), builder = new());
        builder.Add(leaf, checks);
    }

    /// <summary>Ends the trees, in order of currency and kind.</summary>
    public IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> Complete() =>
        [.. _builders.Select(pair => (Currency.Parse(pair.Key.Code), pair.Key.Kind, pair.Value.Complete()))];
}
