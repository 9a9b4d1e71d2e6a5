using System.CommandLine;
using System.Globalization;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni perplexity</c>: how well a model foresees a text, comparable with llama.cpp's tool of that name.</summary>
internal static class PerplexityCommand
{
    public static Command Create()
    {
        var model = ModelOption.Model();
        var adapter = ModelOption.Adapter();
        var threads = ModelOption.Threads();
        var cacheType = ModelOption.CacheType();
        var text = new Option<string>("--file", "-f") { Description = "The text to foresee, in UTF-8.", HelpName = "FILE", Required = true };
        var context = new Option<int>("--context", "-c")
        {
            Description = "Tokens in a chunk; the second half of each is scored.",
            HelpName = "N",
            DefaultValueFactory = _ => 512,
        };
        var json = new Option<bool>("--json") { Description = "Print JSON, for scripts." };
        var command = new Command(
            "perplexity",
            """
            Measure how well a model foresees a text, as llama.cpp's perplexity does. Lower is better; only models with the same tokenizer compare.

            Example:
              ayni perplexity --model model-q4.gguf --file wiki.test.raw
            """)
        {
            model, adapter, text, context, json, cacheType, threads,
        };
        command.SetAction((result, cancellationToken) =>
        {
            var path = result.GetValue(text)!;
            var type = ModelOption.CheckCacheType(result.GetValue(cacheType)!);
            MeasuredText.RequireFile(path);
            using var loaded = ModelOption.Load(
                result.GetValue(model), result.GetValue(threads), cancellationToken, adapter: result.GetValue(adapter));
            var size = result.GetValue(context);
            var ids = MeasuredText.Encode(loaded, path, size);
            Perplexity measured;
            using (var progress = new PerplexityProgress(ids.Length / size))
                measured = Perplexity.Measure(loaded, ids, size, progress, type, cancellationToken);
            if (!double.IsFinite(measured.Value))
                throw new UsageException($"The perplexity of {loaded.Name} on {path} is not a finite number: the model's logits are broken.");
            if (result.GetValue(json))
                WriteJson(measured, size);
            else
                WriteText(measured, size);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void WriteText(Perplexity measured, int context) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"perplexity {measured.Value:F4} ± {measured.StandardError:F4} ({measured.ScoredTokens} tokens scored in {measured.Chunks} chunks of {context})"));

    private static void WriteJson(Perplexity measured, int context) => Output.WriteJson(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("perplexity", measured.Value);
        writer.WriteNumber("standard_error", measured.StandardError);
        writer.WriteNumber("context", context);
        writer.WriteNumber("chunks", measured.Chunks);
        writer.WriteNumber("scored_tokens", measured.ScoredTokens);
        writer.WriteEndObject();
    });

    /// <summary>Shows, on a terminal, how far the measurement has come and what it gives so far.</summary>
    private sealed class PerplexityProgress(int chunks) : IProgress<Perplexity>, IDisposable
    {
        private string _shown = "";

        public void Report(Perplexity value)
        {
            if (Console.IsErrorRedirected)
                return;
            var line = string.Create(CultureInfo.InvariantCulture, $"chunk {value.Chunks} of {chunks}: perplexity {value.Value:F4}");
            Console.Error.Write($"\r{line.PadRight(_shown.Length)}");
            _shown = line;
        }

        public void Dispose()
        {
            if (_shown.Length > 0)
                Console.Error.Write($"\r{new string(' ', _shown.Length)}\r");
        }
    }
}
