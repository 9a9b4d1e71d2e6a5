using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

public sealed class StopTextsTests
{
    [Fact]
    public void Text_that_may_become_a_stop_text_is_held_back()
    {
        var stops = new StopTexts(["END"]);
        Assert.Equal("a", stops.Append("aE"));
        Assert.Equal("E", stops.Append("E"));
        Assert.Equal("", stops.Append("N"));
        Assert.Equal("ENx", stops.Append("x"));
        Assert.False(stops.Found);
        Assert.Equal("", stops.Append("EN"));
        Assert.Equal("", stops.Append("D and more"));
        Assert.True(stops.Found);
    }

    [Fact]
    public void What_was_held_comes_out_at_the_end()
    {
        var stops = new StopTexts(["\n\nUser:"]);
        Assert.Equal("hello", stops.Append("hello\n"));
        Assert.Equal("\n", stops.Flush());
    }

    [Fact]
    public void However_a_text_is_cut_the_part_before_the_first_stop_text_comes_out()
    {
        var letters = Gen.Elements('a', 'b').ArrayOf().Select(value => new string(value));
        var stop = Gen.Elements("ab", "aab", "bba", "abab");
        var sizes = Gen.Choose(1, 3).ArrayOf();
        var cases = from text in letters from first in stop from second in stop from cuts in sizes select (text, first, second, cuts);
        Prop.ForAll(cases.ToArbitrary(), Holds).QuickCheckThrowOnFailure();

        static bool Holds((string Text, string First, string Second, int[] Cuts) item)
        {
            var stops = new StopTexts([item.First, item.Second]);
            var (shown, rest) = ("", item.Text);
            for (var i = 0; rest.Length > 0 && !stops.Found; i++)
            {
                var length = Math.Min(rest.Length, item.Cuts.Length == 0 ? 1 : item.Cuts[i % item.Cuts.Length]);
                shown += stops.Append(rest[..length]);
                rest = rest[length..];
            }
            if (!stops.Found)
                shown += stops.Flush();
            return shown == Uncut(item.Text, item.First, item.Second);
        }

        static string Uncut(string text, params string[] stops)
        {
            for (var end = 0; end <= text.Length; end++)
            {
                var starts = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).Select(stop => end - stop.Length);
                if (starts.Any())
                    return text[..starts.Min()];
            }
            return text;
        }
    }
}
