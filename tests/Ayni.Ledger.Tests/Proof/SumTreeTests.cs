using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

public sealed class SumTreeTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    [Fact]
    public void Every_leaf_of_a_tree_of_any_size_leads_to_the_root_that_adds_all_up() => Prop.ForAll(
        Gen.Choose(1, 90).ToArbitrary(), Gen.Choose(0, 89).ToArbitrary(), (count, place) =>
        {
            var leaves = Leaves(count);
            var builder = new SumTreeBuilder();
            leaves.ForEach(leaf => builder.Add(leaf));
            var root = SumTreeBuilder.Root(builder.Complete());
            var index = place % count;
            var path = PathOf(leaves, index);
            path.Demand(leaves[index], root, ProofChecks.All);
            var other = (index + 1) % count;
            return root.Sums.Leaves == count && root.Sums.Units == leaves.Aggregate(Int128.Zero, (sum, leaf) => sum + leaf.Sums.Units)
                && root.Sums.Tokens.Prompt == leaves.Sum(leaf => leaf.Sums.Tokens.Prompt)
                && (count == 1 || Refuses(() => path.Demand(leaves[other], root, ProofChecks.All)))
                && Refuses(() => (path with { Index = index + 1 }).Demand(leaves[index], root, ProofChecks.All))
                && Refuses(() => path.Demand(leaves[index] with { Sums = leaves[index].Sums with { Units = 7 } }, root, ProofChecks.All));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Chunks_give_the_same_root_as_the_whole()
    {
        foreach (var count in new[] { SumTreeBuilder.ChunkLeaves - 1, SumTreeBuilder.ChunkLeaves, SumTreeBuilder.ChunkLeaves + 1, 3 * SumTreeBuilder.ChunkLeaves + 5 })
        {
            var leaves = Leaves(count);
            var builder = new SumTreeBuilder();
            leaves.ForEach(leaf => builder.Add(leaf));
            var chunks = builder.Complete();
            Assert.Equal((count + SumTreeBuilder.ChunkLeaves - 1) / SumTreeBuilder.ChunkLeaves, chunks.Count);
            SumNode[] nodes = [.. leaves.Select(leaf => leaf.ToNode(ProofChecks.All))];
            Assert.Equal(MerkleTree.Root<SumNode>(nodes, SumNode.Join), SumTreeBuilder.Root(chunks));
        }
    }

    [Fact]
    public void A_proof_among_ten_million_leaves_has_less_than_2_KB_and_8_KB_as_JSON()
    {
        // The widest sums in every node, and as many levels as ten million leaves have.
        var node = new SumNode(Digest.Of("node"u8), new((1L << 40) - 1, new((1L << 56) - 1, (1L << 56) - 1, (1L << 56) - 1, (1L << 56) - 1), Int128.MaxValue / 2));
        var levels = MerkleTree.Path<int>(Enumerable.Range(0, 1).ToArray(), 0, Math.Max).Count;
        for (var count = 10_000_000L; count > 1; count = MerkleTree.Split(count))
            levels++;
        Assert.Equal(24, levels);
        var proof = new SumProof(Euro, SumTreeKind.Receipts, new byte[16], new(9_999_999, 10_000_000, [.. Enumerable.Repeat(node, levels)]));
        var bytes = proof.Encode();
        Assert.InRange(bytes.Length, 1, 2047);
        Assert.InRange(Convert.ToBase64String(bytes).Length, 1, 8191);
        Assert.Equal(bytes, SumProof.Decode(bytes).Encode());
    }

    [Fact]
    public void Leaves_out_of_order_twice_or_out_of_range_are_refused()
    {
        var leaves = Leaves(3);
        Refused(ProofCheck.Order, [leaves[1], leaves[0]]);
        Refused(ProofCheck.Order, [leaves[0], leaves[0]]);
        Refused(ProofCheck.Range, [leaves[0] with { Sums = leaves[0].Sums with { Units = -1 } }]);
        Refused(ProofCheck.Range, [leaves[0] with { Sums = leaves[0].Sums with { Leaves = 1L << 40 } }]);
        Refused(ProofCheck.Overflow, [.. leaves.Select(leaf => leaf with { Sums = leaf.Sums with { Units = Int128.MaxValue / 2 } })]);

        static void Refused(ProofCheck check, SumLeaf[] leaves)
        {
            var builder = new SumTreeBuilder();
            Assert.Equal(check, Assert.Throws<ProofException>(() => Array.ForEach(leaves, leaf => builder.Add(leaf))).Check);
        }
    }

    [Fact]
    public void Every_leaf_that_is_not_there_is_absent_and_every_other_is_not() => Prop.ForAll(
        Gen.Choose(1, 40).ToArbitrary(), Gen.Choose(0, 90).ToArbitrary(), (count, wanted) =>
        {
            // Only even ids are there.
            var leaves = Leaves(count, step: 2);
            var builder = new SumTreeBuilder();
            leaves.ForEach(leaf => builder.Add(leaf));
            var root = SumTreeBuilder.Root(builder.Complete());
            var id = IdOf(wanted);
            var after = leaves.FindIndex(leaf => string.CompareOrdinal(leaf.Id, id) > 0);
            after = after < 0 ? count : after;
            var isThere = after > 0 && leaves[after - 1].Id == id;
            var before = isThere ? after - 2 : after - 1;
            var proof = AbsenceProof.Decode(new AbsenceProof(
                Euro, before >= 0 ? new(leaves[before], PathOf(leaves, before)) : null,
                after < count ? new(leaves[after], PathOf(leaves, after)) : null).Encode());
            return isThere == Refuses(() => proof.Demand(id, root, ProofChecks.All));
        }).QuickCheckThrowOnFailure();

    internal static SumPath PathOf(IReadOnlyList<SumLeaf> leaves, int index, ProofChecks checks = default)
    {
        SumNode[] nodes = [.. leaves.Select(leaf => leaf.ToNode(checks))];
        return new(index, leaves.Count, [.. MerkleTree.Path<SumNode>(nodes, index, (left, right) => SumNode.Join(left, right, checks))]);
    }

    internal static string IdOf(int number) => $"rcp_{number:D6}";

    internal static List<SumLeaf> Leaves(int count, int step = 1) =>
    [
        .. Enumerable.Range(0, count).Select(number => new SumLeaf(
            IdOf(number * step), new(1, new(number, 2 * number, 3, 4), 1000 + number),
            SumLeaf.Commit(RandomNumberGenerator.GetBytes(16), [(byte)number]))),
    ];

    internal static bool Refuses(Action act)
    {
        try
        {
            act();
            return false;
        }
        catch (ProofException)
        {
            return true;
        }
    }
}
