namespace Ayni.Llama;

/// <summary>A prompt leaves no room for an answer in the context.</summary>
public sealed class ContextLengthExceededException(int promptTokens, int contextLength)
    : Exception($"The prompt has {promptTokens} tokens; the context holds {contextLength}, at least one of them for the answer.")
{
    /// <summary>The prompt's length in tokens.</summary>
    public int PromptTokens { get; } = promptTokens;

    /// <summary>The context's length in tokens.</summary>
    public int ContextLength { get; } = contextLength;
}

/// <summary>Too many requests are waiting.</summary>
public sealed class QueueFullException(int limit, TimeSpan retryAfter)
    : Exception($"{limit} requests are waiting already; try again in {Math.Ceiling(retryAfter.TotalSeconds)} s.")
{
    /// <summary>When a place is likely to be free.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>An owner has as many requests waiting and running as one may have.</summary>
public sealed class OwnerBusyException(int limit, TimeSpan retryAfter)
    : Exception($"{limit} requests of yours are being answered already; try again when one has ended.")
{
    /// <summary>When a place is likely to be free.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>The engine is shutting down and takes no new requests.</summary>
public sealed class EngineStoppingException() : Exception("The engine is shutting down.");
