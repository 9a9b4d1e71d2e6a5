using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Training.Tests;

public sealed class MergeLearnerTests
{
    /// <summary>The example of Sennrich et al. 2016, with "_" for the end of a word: its first ten merges make these.</summary>
    [Fact]
    public void The_textbook_example_gives_its_tokens()
    {
        var merged = Learn([("low_", 5), ("lower_", 2), ("newest_", 6), ("widest_", 3)], 10, longest: 20);
        Assert.Equal("es", merged[0]);
        Assert.Equal(10, merged.Length);
        Assert.Superset(new HashSet<string> { "es", "est_", "lo", "low", "new", "newest_" }, merged.ToHashSet());
    }

    [Fact]
    public void A_run_is_merged_from_its_left()
    {
        Assert.Equal(["aa", "aaa"], Learn([("aaaaa", 3)], 2, longest: 20));
        Assert.Equal(["aa"], Learn([("aaaaa", 3)], 5, longest: 2));
        Assert.Equal(["bc", "aa"], Learn([("aaa", 2), ("bc", 3)], 2, longest: 2));
    }

    [Fact]
    public void What_occurs_once_is_not_merged()
    {
        Assert.Empty(Learn([("abc", 1), ("def", 1)], 5, longest: 20));
        Assert.Equal(["bc"], Learn([("abc", 1), ("xbc", 1), ("def", 1)], 5, longest: 20));
    }

    /// <summary>Counting places and correcting counts gives what counting everything anew before each merge gives.</summary>
    [Fact]
    public void It_learns_what_counting_anew_each_time_learns()
    {
        var words = Gen.Choose(0, 2).Select(value => (char)('a' + value)).ArrayOf().Where(letters => letters.Length is > 0 and < 12)
            .Zip(Gen.Choose(1, 4)).ArrayOf().Select(items => items.Select(item => (new string(item.Item1), (long)item.Item2))
                .DistinctBy(item => item.Item1).ToArray());
        Prop.ForAll(words.ToArbitrary(), texts =>
        {
            foreach (var longest in (int[])[3, 100])
                Assert.Equal(LearnPlainly(texts, 12, longest), Learn(texts, 12, longest));
        }).QuickCheckThrowOnFailure();
    }

    private static string[] Learn((string Word, long Times)[] words, int count, int longest)
    {
        string[] alphabet = [.. words.SelectMany(word => word.Word).Distinct().Order().Select(character => character.ToString())];
        var learner = new MergeLearner(alphabet, longest);
        foreach (var (word, times) in words)
            learner.AddWord([.. word.Select(character => Array.IndexOf(alphabet, character.ToString()))], times);
        return [.. learner.Learn(count, null, CancellationToken.None)];
    }

    private static string[] LearnPlainly((string Word, long Times)[] words, int count, int longest)
    {
        var parts = words.Select(word => (Symbols: word.Word.Select(character => character.ToString()).ToList(), word.Times)).ToArray();
        var known = parts.SelectMany(part => part.Symbols).ToHashSet();
        var learned = new List<string>();
        while (learned.Count < count)
        {
            var best = parts.SelectMany(part => Pairs(part.Symbols).Select(pair => (pair, part.Times)))
                .GroupBy(item => item.pair, item => item.Times)
                .Select(group => (Pair: group.Key, Text: group.Key.First + group.Key.Second, Times: group.Sum()))
                .Where(item => item.Times >= 2 && item.Text.Length <= longest)
                .OrderByDescending(item => item.Times).ThenBy(item => item.Text.Length).ThenBy(item => item.Text, StringComparer.Ordinal)
                .ThenBy(item => NumberOf(item.Pair.First))
                .FirstOrDefault();
            if (best.Text is null)
                break;
            if (known.Add(best.Text))
                learned.Add(best.Text);
            foreach (var (symbols, _) in parts)
            {
                for (var i = 0; i + 1 < symbols.Count; i++)
                {
                    if ((symbols[i], symbols[i + 1]) == best.Pair)
                    {
                        symbols[i] = best.Text;
                        symbols.RemoveAt(i + 1);
                    }
                }
            }
        }
        return [.. learned];

        // A symbol of a run belongs to one pair of it.
        static IEnumerable<(string First, string Second)> Pairs(List<string> symbols)
        {
            var taken = -1;
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                var isRun = symbols[i] == symbols[i + 1];
                if (!isRun || taken != i)
                    yield return (symbols[i], symbols[i + 1]);
                taken = isRun && taken != i ? i + 1 : -1;
            }
        }

        int NumberOf(string symbol) => symbol.Length == 1 ? symbol[0] - 'a' : 'z' + learned.IndexOf(symbol);
    }
}
