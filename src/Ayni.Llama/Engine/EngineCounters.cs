namespace Ayni.Llama;

/// <summary>What an engine has done since it began. Written by the scheduler, read by any thread; each number by itself is exact.</summary>
public sealed class EngineCounters
{
    private long _steps;
    private long _stepTokens;
    private long _promptTokens;
    private long _cachedTokens;
    private long _generatedTokens;
    private long _draftedTokens;
    private long _acceptedTokens;
    private long _preemptions;
    private long _failed;
    private readonly long[] _ended = new long[Enum.GetValues<FinishReason>().Length];

    /// <summary>Forward passes.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Tokens computed in them, recomputed and rejected ones included.</summary>
    public long StepTokens => Volatile.Read(ref _stepTokens);

    /// <summary>Tokens of prompts that were admitted.</summary>
    public long PromptTokens => Volatile.Read(ref _promptTokens);

    /// <summary>Those of <see cref="PromptTokens"/> that were found in the cache.</summary>
    public long CachedTokens => Volatile.Read(ref _cachedTokens);

    /// <summary>Tokens sampled.</summary>
    public long GeneratedTokens => Volatile.Read(ref _generatedTokens);

    /// <summary>Tokens guessed.</summary>
    public long DraftedTokens => Volatile.Read(ref _draftedTokens);

    /// <summary>Guesses that held.</summary>
    public long AcceptedTokens => Volatile.Read(ref _acceptedTokens);

    /// <summary>Sequences that yielded their cache blocks to older ones, to be computed again.</summary>
    public long Preemptions => Volatile.Read(ref _preemptions);

    /// <summary>Generations that failed with the engine's own error.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Generations that ended for a reason.</summary>
    public long Ended(FinishReason reason) => Volatile.Read(ref _ended[(int)reason]);

    internal void NoteStep(int tokens)
    {
        Volatile.Write(ref _steps, _steps + 1);
        Volatile.Write(ref _stepTokens, _stepTokens + tokens);
    }

    internal void NotePrompt(int tokens, int cached)
    {
        Volatile.Write(ref _promptTokens, _promptTokens + tokens);
        Volatile.Write(ref _cachedTokens, _cachedTokens + cached);
    }

    internal void NoteGenerated(int tokens, int drafted)
    {
        Volatile.Write(ref _generatedTokens, _generatedTokens + tokens);
        Volatile.Write(ref _draftedTokens, _draftedTokens + drafted);
        Volatile.Write(ref _acceptedTokens, _acceptedTokens + tokens - 1);
    }

    internal void NoteEnd(FinishReason reason) => Volatile.Write(ref _ended[(int)reason], _ended[(int)reason] + 1);

    internal void NoteFailure() => Volatile.Write(ref _failed, _failed + 1);

    internal void NotePreemption() => Volatile.Write(ref _preemptions, _preemptions + 1);
}
