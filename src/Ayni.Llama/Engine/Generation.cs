using System.Threading.Channels;

namespace Ayni.Llama;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended its turn or a stop text appeared.</summary>
    Stop,

    /// <summary>The token limit or the end of the context was reached.</summary>
    Length,

    /// <summary>The caller cancelled, or the engine was shut down before the end.</summary>
    Cancelled,
}

/// <summary>One generated token.</summary>
/// <param name="Id">The token's id.</param>
/// <param name="Text">The text that can be shown now: whole characters only, and nothing that may yet become part of a stop text. Often
/// empty.</param>
public readonly record struct GeneratedToken(int Id, string Text);

/// <summary>What one generation used, in tokens; the counts are disjoint.</summary>
/// <param name="Prompt">Prompt tokens that were computed.</param>
/// <param name="Cached">Prompt tokens whose keys and values were found in the cache.</param>
/// <param name="Generated">Tokens sampled, an end token included.</param>
/// <param name="Rejected">Tokens guessed and computed in vain.</param>
public readonly record struct TokenUsage(int Prompt, int Cached, int Generated, int Rejected = 0);

/// <summary>The end of a generation.</summary>
/// <param name="Reason">Why it ended.</param>
/// <param name="Usage">What it used, also when it was cancelled.</param>
/// <param name="Queued">Time from submission until the first step began.</param>
/// <param name="Prefill">Time spent on the prompt, up to the first token.</param>
/// <param name="Decode">Time from the first token to the last.</param>
public sealed record GenerationResult(FinishReason Reason, TokenUsage Usage, TimeSpan Queued, TimeSpan Prefill, TimeSpan Decode)
{
    /// <summary>Prompt tokens computed a second; 0 where there was nothing to measure.</summary>
    public double PromptTokensPerSecond => Prefill > TimeSpan.Zero ? Usage.Prompt / Prefill.TotalSeconds : 0;

    /// <summary>
    /// Tokens generated a second, after the first, which belongs to the prompt's time; 0 where there was nothing to measure.
    /// </summary>
    public double TokensPerSecond => Decode > TimeSpan.Zero ? (Usage.Generated - 1) / Decode.TotalSeconds : 0;
}

/// <summary>A generation under way. One reader; safe to use from any thread.</summary>
public sealed class Generation
{
    private readonly Channel<GeneratedToken> _tokens;
    private readonly TaskCompletionSource<GenerationResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Generation() =>
        // Unbounded is bounded here: a generation never writes more tokens than the context holds.
        _tokens = Channel.CreateUnbounded<GeneratedToken>(new() { SingleReader = true, SingleWriter = true });

    /// <summary>The end: reason, usage, times. Faults only if the engine itself failed; cancellation is a result, not a fault.</summary>
    public Task<GenerationResult> Completion => _completion.Task;

    /// <summary>The tokens as they are made; ends when the generation does, for whatever reason.</summary>
    public IAsyncEnumerable<GeneratedToken> ReadTokensAsync(CancellationToken cancellationToken = default) =>
        _tokens.Reader.ReadAllAsync(cancellationToken);

    internal void Write(GeneratedToken token) => _tokens.Writer.TryWrite(token);

    internal void Complete(GenerationResult result)
    {
        _completion.TrySetResult(result);
        _tokens.Writer.TryComplete();
    }

    internal void Fail(Exception error)
    {
        _completion.TrySetException(error);
        _tokens.Writer.TryComplete(error);
    }
}
