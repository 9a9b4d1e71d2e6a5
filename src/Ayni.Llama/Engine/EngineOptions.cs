namespace Ayni.Llama;

/// <summary>The bounds of an engine.</summary>
public sealed record EngineOptions
{
    /// <summary>The longest sequence, prompt and answer together, in tokens; at most the model's own context. Null takes the model's, up to 8,192.</summary>
    public int? ContextLength { get; init; }

    /// <summary>How many requests may wait; one more is refused with <see cref="QueueFullException"/>.</summary>
    public int QueueLimit { get; init; } = 256;

    /// <summary>How many tokens of a prompt are computed in one step, so that other sequences need not wait for all of it.</summary>
    public int PrefillChunkTokens { get; init; } = 256;

    /// <summary>How many sequences take turns at the model.</summary>
    public int MaxSequences { get; init; } = 8;
}
