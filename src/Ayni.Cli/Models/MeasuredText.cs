using System.Text;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>The text that a model is measured on.</summary>
internal static class MeasuredText
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

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
        var text = Read(path);
        var ids = model.EncodePrompt(text.EndsWith('\n') ? text[..^1] : text);
        return ids.Length >= 2 * context
            ? ids
            : throw new UsageException(
                $"{path} has {ids.Length} tokens; {2 * context} are needed for --context {context}. Take more text or a shorter context.");
    }

    private static string Read(string path)
    {
        try
        {
            return Utf8.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException error)
        {
            throw new UsageException($"{path}: not valid UTF-8 at byte {error.Index}; convert it to UTF-8.");
        }
    }
}
