using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

/// <summary>A word merged part by part is held to the word merged at once.</summary>
public sealed class PartwiseMergeTests
{
    [Fact]
    public void Parts_give_what_the_whole_word_gives_whatever_the_rules()
    {
        var cases =
            from seed in Gen.Choose(0, int.MaxValue)
            from length in Gen.Choose(0, 600)
            from alphabet in Gen.Choose(1, 6)
            from ranks in Gen.Elements(1, 5, 60)
            from part in Gen.Elements(1, 2, 7, 16, 64, 150)
            select (seed, length, alphabet, ranks, part);
        Prop.ForAll(cases.ToArbitrary(), test =>
        {
            var random = new Random(test.seed);
            var pairs = new PairTable(8);
            // Few results for many pairs, so that the same symbol stands for parts of different length.
            for (var rule = 0; rule < 60; rule++)
                pairs.Add(random.Next(12), random.Next(12), random.Next(test.ranks), random.Next(12));
            int[] symbols = [.. Enumerable.Range(0, test.length).Select(_ => random.Next(test.alphabet))];
            AssertSame(pairs, symbols, test.part);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Parts_of_a_vocabulary_that_training_could_have_made_give_what_the_whole_word_gives()
    {
        var random = new Random(7);
        var pairs = new PairTable(512);
        for (var merged = 4; merged < 400; merged++)
            pairs.Add(random.Next(merged), random.Next(merged), merged, merged);
        foreach (var length in (int[])[100, 1000, 5000])
            AssertSame(pairs, [.. Enumerable.Range(0, length).Select(_ => random.Next(4))], part: 32);
    }

    [Fact]
    public void A_word_whose_end_decides_its_beginning_is_merged_at_once()
    {
        // The best pair is the last; whether it takes the one before along goes on to the first.
        const int Length = 501;
        var pairs = new PairTable(Length);
        for (var i = 0; i + 1 < Length; i++)
            pairs.Add(i, i + 1, rank: Length - i, merged: Length + i);
        AssertSame(pairs, [.. Enumerable.Range(0, Length)], part: 16);
        AssertSame(pairs, [.. Enumerable.Range(0, Length - 1)], part: 16);
    }

    [Fact]
    public void A_symbol_longer_than_a_part_is_found()
    {
        var pairs = new PairTable(64);
        for (var i = 0; i < 40; i++)
            pairs.Add(i, i, rank: i, merged: i + 1);
        AssertSame(pairs, new int[1000], part: 8);
        AssertSame(pairs, new int[1024], part: 8);
    }

    private static void AssertSame(PairTable pairs, int[] symbols, int part)
    {
        var whole = symbols.ToArray();
        whole = whole[..new LongPairMerge(pairs).Merge(whole, [])];
        var workspace = new PartwiseMerge(pairs, part);
        for (var use = 0; use < 2; use++)
        {
            var parts = symbols.ToArray();
            Assert.Equal(whole, parts[..workspace.Merge(parts)]);
        }
    }
}
