using System.CommandLine;
using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Bench;

/// <summary>
/// <c>bench/run tokenizers</c>: how fast each tokenizer is a core, on natural text met for the first time and on single words of growing
/// length.
/// </summary>
internal static class TokenizersCommand
{
    private const int Runs = 5;

    public static Command Create()
    {
        var english = new Option<string?>("--english") { Description = "English text in UTF-8.", HelpName = "FILE" };
        var arabic = new Option<string?>("--arabic") { Description = "Arabic text in UTF-8.", HelpName = "FILE" };
        var folder = new Option<string>("--tokenizers")
        {
            Description = "The folder with llama2.spm.model, llama3.tiktoken and llama4.tiktoken.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => Path.Combine("..", "shared", "conformance", "tokenizers"),
        };
        var only = new Option<string?>("--only") { Description = "The only one of these files to measure.", HelpName = "NAME" };
        var textOnly = new Option<bool>("--text-only") { Description = "Leave single long words out." };
        var json = new Option<bool>("--json") { Description = "Print JSON, one line a measurement." };
        var command = new Command("tokenizers", "Measure the tokenizers.") { english, arabic, folder, only, textOnly, json };
        command.SetAction(result =>
        {
            var report = new Report(result.GetValue(json));
            (string Name, string? Path)[] texts = [("english", result.GetValue(english)), ("arabic", result.GetValue(arabic))];
            foreach (var name in (string[])["llama2.spm.model", "llama3.tiktoken", "llama4.tiktoken"])
            {
                if (result.GetValue(only) is { } wanted && wanted != name)
                    continue;
                var path = Path.Combine(result.GetValue(folder)!, name);
                foreach (var (language, file) in texts.Where(text => text.Path is not null))
                    report.Write(MeasureText(path, language, File.ReadAllText(file!)));
                if (!result.GetValue(textOnly))
                {
                    foreach (var line in LongWords.Measure(Tokenizer.Open(path)))
                        report.Write([("tokenizer", name), .. line]);
                }
            }
        });
        return command;
    }

    /// <summary>Each run takes a new tokenizer, whose cache knows no word yet.</summary>
    private static (string Name, object Value)[] MeasureText(string path, string language, string text)
    {
        var ids = new List<int>(text.Length);
        Tokenizer tokenizer = null!;
        var seconds = Clock.Median(
            Runs,
            () =>
            {
                tokenizer = Tokenizer.Open(path);
                ids.Clear();
            },
            () => tokenizer.Encode(text, ids));
        var bytes = System.Text.Encoding.UTF8.GetByteCount(text);
        var use = tokenizer.CacheUse;
        return
        [
            ("tokenizer", Path.GetFileName(path)), ("text", language), ("megabytes", Math.Round(bytes / 1e6, 2)), ("tokens", ids.Count),
            ("megabytes_per_second", Math.Round(bytes / 1e6 / seconds, 1)), ("words", use.Lookups), ("cache_hits", Math.Round(use.HitRate, 4)),
            ("cache_words_at_most", use.Capacity),
        ];
    }

    /// <summary>Prints measurements: names and values, or JSON.</summary>
    private sealed class Report(bool json)
    {
        public void Write((string Name, object Value)[] line)
        {
            Console.WriteLine(json
                ? JsonSerializer.Serialize(line.ToDictionary(item => item.Name, item => item.Value))
                : string.Join("  ", line.Select(item => $"{item.Name} {item.Value}")));
        }
    }
}
