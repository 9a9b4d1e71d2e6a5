using System.Collections.Immutable;
using System.Text.Json;

namespace Ayni.Llama;

/// <summary>
/// A prompt and the answer to it that a benchmark takes as generated, whatever the model would say: how fast a text comes then depends on
/// the text, and not on how wise the model is. Immutable.
/// </summary>
public sealed record ForcedOutput
{
    private const int ShortestCopy = 4;

    /// <summary>The prompt's tokens.</summary>
    public required ImmutableArray<int> Prompt { get; init; }

    /// <summary>The answer's tokens.</summary>
    public required ImmutableArray<int> Output { get; init; }

    /// <summary>Reads <c>{"prompt": TEXT, "output": TEXT}</c>.</summary>
    /// <exception cref="FormatException">The file is something else, or a text is empty.</exception>
    public static ForcedOutput Read(string path, LlamaModel model)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var json = JsonDocument.Parse(stream);
            var forced = new ForcedOutput
            {
                Prompt = [.. model.EncodePrompt(json.RootElement.GetProperty("prompt").GetString()!)],
                Output = [.. model.Tokenizer.Encode(json.RootElement.GetProperty("output").GetString()!)],
            };
            if (forced.Prompt.Length > 1 && forced.Output.Length > 1)
                return forced;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentNullException)
        {
        }
        throw new FormatException($"{path}: expected JSON with two texts, {{\"prompt\": …, \"output\": …}}.");
    }

    /// <summary>The share of the answer's tokens that lie in runs of four or more which the prompt has, too.</summary>
    public double CopiedShare()
    {
        var copied = 0;
        for (var i = 0; i < Output.Length;)
        {
            var longest = 0;
            for (var start = 0; start < Prompt.Length; start++)
            {
                var length = Output.AsSpan()[i..].CommonPrefixLength(Prompt.AsSpan()[start..]);
                longest = Math.Max(longest, length);
            }
            copied += longest >= ShortestCopy ? longest : 0;
            i += longest >= ShortestCopy ? longest : 1;
        }
        return (double)copied / Output.Length;
    }

    /// <summary>Tokens a second at which the answer comes, its first one apart.</summary>
    /// <param name="model">The model, which no engine uses.</param>
    /// <param name="speculates">Whether what repeats is guessed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<double> MeasureAsync(LlamaModel model, bool speculates, CancellationToken cancellationToken)
    {
        var options = new EngineOptions
        {
            ContextLength = Prompt.Length + Output.Length,
            MaxSequences = 1,
            CacheBytes = 0,
            Speculates = speculates,
        };
        await using var engine = new LlamaEngine(model, options, TimeProvider.System);
        var request = new GenerationRequest
        {
            Prompt = Prompt,
            ForcedOutput = Output,
            MaxTokens = Output.Length,
            Sampling = SamplingParameters.Greedy,
            IgnoreEndOfText = true,
        };
        var end = await engine.Submit(request, cancellationToken).Completion.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return end.TokensPerSecond;
    }
}
