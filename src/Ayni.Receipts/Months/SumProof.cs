using System.Buffers.Binary;
using System.Text;

namespace Ayni.Receipts;

/// <summary>
/// A leaf's place in a summation tree, and what leads from it to the root. The leaf is not in it: whoever verifies has the item and its
/// salt, or the leaf itself.
/// </summary>
/// <param name="Index">The place, from 0.</param>
/// <param name="Count">How many leaves the tree has.</param>
/// <param name="Path">The nodes beside the way, from the leaf upwards.</param>
internal sealed record SumPath(long Index, long Count, SumNode[] Path)
{
    /// <summary>
    /// Demands that the path leads from a leaf to a root. At every node sums are checked; the leaves to the left must be as many as the
    /// index says and those of the whole tree as the count says.
    /// </summary>
    public void Demand(SumLeaf leaf, SumNode root, ProofChecks checks)
    {
        checks.Demand(ProofCheck.Range, leaf.Sums.AreInRange && root.Sums.AreInRange, $"The sums of {leaf.Id} are negative or too large.");
        var climbs = MerkleTree.TryClimb(
            leaf.ToNode(checks), Index, Count, Path, (left, right) => SumNode.Join(left, right, checks), out var reached);
        checks.Demand(
            ProofCheck.Path, climbs && reached == root && root.Sums.Leaves == Count,
            $"The path from {leaf.Id} does not lead to the period's root.");
    }
}

/// <summary>
/// Proves that a receipt is in a period's summation tree. Its bytes, all integers big-endian:
/// <code>
/// 16  "ayni/sum/v1" and zeros
///  3  currency                  ISO 4217 code in ASCII
///  1  kind of tree              0 receipts, 1 additions, 2 reductions
/// 16  salt of the leaf's commitment
///  5  index
///  5  leaves of the tree
///  1  nodes of the path         0 to 40
/// 81  each node of the path: hash (32), leaves (5), tokens by kind (4 × 7), money in units of 10⁻¹² (16)
/// </code>
/// A tree of ten million leaves has 24 levels, so its proofs have at most 1991 bytes.
/// </summary>
/// <param name="Currency">The tree's currency.</param>
/// <param name="Kind">Which of the period's trees.</param>
/// <param name="Salt">What opens the commitment.</param>
/// <param name="Path">Where the leaf is.</param>
internal sealed record SumProof(Currency Currency, SumTreeKind Kind, byte[] Salt, SumPath Path)
{
    private const int HeaderBytes = 16 + 3 + 1 + SumLeaf.SaltBytes + 5 + 5 + 1;

    private static ReadOnlySpan<byte> Tag => "ayni/sum/v1\0\0\0\0\0"u8;

    public byte[] Encode()
    {
        var bytes = new byte[HeaderBytes + Path.Path.Length * SumNode.Size];
        var rest = bytes.AsSpan();
        Tag.CopyTo(rest);
        Encoding.ASCII.GetBytes(Currency.Code, rest[16..]);
        rest[19] = (byte)Kind;
        Salt.CopyTo(rest[20..]);
        WriteInt40(rest[36..], Path.Index);
        WriteInt40(rest[41..], Path.Count);
        rest[46] = (byte)Path.Path.Length;
        for (var i = 0; i < Path.Path.Length; i++)
            Path.Path[i].WriteTo(rest[(HeaderBytes + i * SumNode.Size)..]);
        return bytes;
    }

    /// <summary>Reads a proof. Throws <see cref="ProofException"/> for all but the one encoding of one.</summary>
    public static SumProof Decode(ReadOnlySpan<byte> bytes)
    {
        Require(bytes.Length >= HeaderBytes && bytes.StartsWith(Tag), "it does not begin as one");
        Require(Currency.TryParse(Encoding.Latin1.GetString(bytes[16..19]), out var currency), "its currency is none of ISO 4217");
        Require(bytes[19] <= (byte)SumTreeKind.Reductions, "it is of no known tree");
        var levels = bytes[46];
        Require(levels <= MerkleTree.MostLevels && bytes.Length == HeaderBytes + levels * SumNode.Size, "its path has another length");
        var path = new SumNode[levels];
        for (var i = 0; i < levels; i++)
            path[i] = SumNode.Read(bytes[(HeaderBytes + i * SumNode.Size)..]);
        return new(
            currency!, (SumTreeKind)bytes[19], bytes[20..36].ToArray(), new(ReadInt40(bytes[36..]), ReadInt40(bytes[41..]), path));

        static void Require(bool holds, string problem) =>
            ProofChecks.All.Demand(ProofCheck.Format, holds, $"This is no proof of a sum: {problem}.");
    }

    private static void WriteInt40(Span<byte> bytes, long value)
    {
        bytes[0] = (byte)(value >> 32);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[1..], (uint)value);
    }

    private static long ReadInt40(ReadOnlySpan<byte> bytes) => ((long)bytes[0] << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
}
