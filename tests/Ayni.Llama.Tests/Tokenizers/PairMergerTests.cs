using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

public class PairMergerTests
{
    [Fact]
    public void The_lowest_rank_merges_first_and_the_leftmost_on_ties()
    {
        var pairs = new PairTable(4);
        pairs.Add(1, 1, rank: 5, merged: 2);
        pairs.Add(1, 3, rank: 0, merged: 4);
        pairs.Add(2, 1, rank: 5, merged: 6);
        Assert.Equal([6], Merged(pairs, [1, 1, 1]));
        Assert.Equal([2, 4], Merged(pairs, [1, 1, 1, 3]));
        Assert.Equal([3], Merged(pairs, [3]));
        Assert.Equal([], Merged(pairs, []));
    }

    [Fact]
    public void The_first_rule_of_a_pair_counts()
    {
        var pairs = new PairTable(2);
        pairs.Add(1, 1, rank: 0, merged: 2);
        pairs.Add(1, 1, rank: 1, merged: 3);
        Assert.Equal([2], Merged(pairs, [1, 1]));
    }

    [Fact]
    public void Short_and_long_words_merge_as_by_looking_at_all_pairs_each_time()
    {
        // Rules at random, not as training would make them: a merge may give rise to a pair of lower rank.
        var cases =
            from seed in Gen.Choose(0, int.MaxValue)
            from length in Gen.Choose(0, 400)
            from alphabet in Gen.Choose(1, 4)
            select (seed, length, alphabet);
        Prop.ForAll(cases.ToArbitrary(), test =>
        {
            var random = new Random(test.seed);
            var rules = new Dictionary<(int, int), (int Rank, int Merged)>();
            var pairs = new PairTable(8);
            for (var merged = test.alphabet; merged < test.alphabet + 60; merged++)
            {
                // Ranks are often equal, as in SentencePiece's scores.
                var (pair, rank) = ((random.Next(merged), random.Next(merged)), random.Next(20));
                rules.TryAdd(pair, (rank, merged));
                pairs.Add(pair.Item1, pair.Item2, rank, merged);
            }
            int[] symbols = [.. Enumerable.Range(0, test.length).Select(_ => random.Next(test.alphabet))];
            Assert.Equal(Reference(rules, symbols), Merged(pairs, symbols));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_workspace_is_as_good_as_new_after_use()
    {
        var pairs = new PairTable(2);
        pairs.Add(0, 0, rank: 0, merged: 1);
        pairs.Add(1, 1, rank: 1, merged: 2);
        var merger = new PairMerger(pairs);
        foreach (var length in (int[])[1000, 400, 4000, 101, 1000])
        {
            var symbols = new int[length];
            Assert.Equal((length / 4) + (length % 4 + 1) / 2, merger.Merge(symbols));
        }
    }

    private static int[] Merged(PairTable pairs, int[] symbols)
    {
        var copy = symbols.ToArray();
        return copy[..new PairMerger(pairs).Merge(copy)];
    }

    private static List<int> Reference(Dictionary<(int, int), (int Rank, int Merged)> rules, int[] symbols)
    {
        List<int> left = [.. symbols];
        while (true)
        {
            var (best, bestRank) = (-1, int.MaxValue);
            for (var i = 0; i + 1 < left.Count; i++)
            {
                if (rules.TryGetValue((left[i], left[i + 1]), out var rule) && rule.Rank < bestRank)
                    (best, bestRank) = (i, rule.Rank);
            }
            if (best < 0)
                return left;
            left[best] = rules[(left[best], left[best + 1])].Merged;
            left.RemoveAt(best + 1);
        }
    }
}
