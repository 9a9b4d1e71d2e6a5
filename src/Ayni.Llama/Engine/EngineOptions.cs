using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>The bounds of an engine.</summary>
public sealed record EngineOptions
{
    /// <summary>The longest context that can be asked for, in tokens.</summary>
    public const int LongestContext = 1 << 24;

    /// <summary>The most sequences that can be asked for.</summary>
    public const int MostSequences = 1024;

    /// <summary>The most tokens a step that can be asked for.</summary>
    public const int LargestStep = 1 << 16;

    /// <summary>The longest sequence, prompt and answer together, in tokens. Null takes the model's own, up to 8,192.</summary>
    public int? ContextLength { get; init; }

    /// <summary>How many requests may wait; one more is refused with <see cref="QueueFullException"/>.</summary>
    public int QueueLimit { get; init; } = 256;

    /// <summary>How many tokens are computed in one step, so that no prompt keeps other sequences waiting for long.</summary>
    public int StepTokens { get; init; } = 256;

    /// <summary>How many sequences are computed together.</summary>
    public int MaxSequences { get; init; } = 16;

    /// <summary>
    /// How many requests of one owner may wait and run together; one more is refused with <see cref="OwnerBusyException"/>. Null for any
    /// number.
    /// </summary>
    public int? MaxPerOwner { get; init; }

    /// <summary>
    /// Whether tokens that follow earlier in a text are guessed to follow again and checked in one step. Changes no answer.
    /// </summary>
    public bool Speculates { get; init; } = true;

    /// <summary>
    /// Memory for keys and values, in bytes; always enough for one sequence of full length. Further sequences wait for room, and where too
    /// many were taken in, the youngest yield.
    /// </summary>
    public long CacheBytes { get; init; } = 1L << 30;

    /// <summary>How keys and values are stored: smaller types hold more text in the same memory and round what they hold.</summary>
    public CacheType CacheType { get; init; }
}
