using System.Text;
using Ayni.Llama;

namespace Ayni.Bench;

/// <summary>Time a byte of single words from ten thousand to ten million characters, which should hardly grow.</summary>
internal static class LongWords
{
    private const int Runs = 3;

    private static readonly int[] Lengths = [10_000, 100_000, 1_000_000, 10_000_000];

    private static readonly (string Name, Func<Random, int, string> Word)[] Kinds =
    [
        ("same letter", (_, length) => new string('a', length)),
        ("random letters", (random, length) => string.Create(length, random, (text, r) => Fill(text, () => (char)('a' + r.Next(26))))),
        ("random emoji", (random, length) => string.Concat(Enumerable.Range(0, length / 2).Select(_ => new Rune(0x1F300 + random.Next(0x300)).ToString()))),
        ("random Arabic", (random, length) => string.Create(length, random, (text, r) => Fill(text, () => (char)(0x627 + r.Next(0x24))))),
        ("spaces", (_, length) => new string(' ', length)),
    ];

    /// <summary>A line for each kind of word: nanoseconds a byte at each length, and the last by the first.</summary>
    public static IEnumerable<(string Name, object Value)[]> Measure(Tokenizer tokenizer)
    {
        foreach (var (name, create) in Kinds)
        {
            double[] times = [.. Lengths.Select(length => NanosecondsPerByte(tokenizer, create, length))];
            yield return
            [
                ("word", name),
                .. Lengths.Zip(times, (length, time) => ($"ns_per_byte_{length}", (object)Math.Round(time, 2))),
                ("ratio", Math.Round(times[^1] / times[0], 2)),
            ];
        }
    }

    /// <summary>Short words are many and different, so that a run takes long enough to be timed and nothing is learned by heart.</summary>
    private static double NanosecondsPerByte(Tokenizer tokenizer, Func<Random, int, string> create, int length)
    {
        var random = new Random(length);
        string[] words = [.. Enumerable.Range(0, Math.Clamp(2_000_000 / length, 1, 200)).Select(_ => create(random, length))];
        var ids = new List<int>(length);
        var seconds = Clock.Median(Runs, ids.Clear, () =>
        {
            foreach (var word in words)
            {
                ids.Clear();
                tokenizer.Encode(word, ids);
            }
        });
        return seconds * 1e9 / words.Sum(word => (long)Encoding.UTF8.GetByteCount(word));
    }

    private static void Fill(Span<char> text, Func<char> next)
    {
        for (var i = 0; i < text.Length; i++)
            text[i] = next();
    }
}
