using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>The text that a model is measured on.</summary>
internal static class MeasuredText
{
    /// <summary>Refuses a file that is not there, before a model is loaded for it.</summary>
    public static void RequireFile(string path)
    {
        if (!File.Exists(path))
            throw new UsageException($"There is no file {path}.");
    }

    /// <summary>The text's ids: enough for two chunks of a context that the model can compute, as llama.cpp asks.</summary>
    public static int[] Encode(LlamaModel model, string path, int context)
    {
        // Twice as many tokens have an index in 32 bits, and so has a layer's cache.
        var maxContext = Math.Min(1 << 24, int.MaxValue / model.Config.KeyValueWidth - KeyValueCache.BlockTokens);
        if (context < Perplexity.MinContext || context > maxContext)
            throw new UsageException($"--context {context}: expected {Perplexity.MinContext} to {maxContext}.");
        if (context > model.TrainedContextLength)
        {
            Console.Error.WriteLine(
                $"ayni: warning: {model.Name} was trained for {model.TrainedContextLength} tokens; --context {context} is longer.");
        }
        // As llama.cpp reads it: without the last line's end.
        var text = File.ReadAllText(path);
        var ids = model.EncodePrompt(text.EndsWith('\n') ? text[..^1] : text);
        return ids.Length >= 2 * context
            ? ids
            : throw new UsageException(
                $"{path} has {ids.Length} tokens; {2 * context} are needed for --context {context}. Take more text or a shorter context.");
    }
}
