namespace Ayni.Llama;

/// <summary>The cache blocks that one sequence owns. Owned by the thread that owns the <see cref="KeyValueCache"/>.</summary>
public sealed class SequenceBlocks
{
    /// <summary>Those of layers that attend to everything: one for each 16 tokens.</summary>
    internal List<int> Global { get; } = [];

    /// <summary>Those of layers with <see cref="LocalAttention"/>: as many as the part attended to needs, reused as it moves along.</summary>
    internal List<int> Local { get; } = [];

    /// <summary>The first 16 tokens that a local block holds, counted in blocks.</summary>
    internal int FirstLocal { get; private set; }

    /// <summary>Gives local blocks of tokens before <paramref name="slot"/>, which are attended to no more, to those that follow.</summary>
    internal void MoveTo(int slot)
    {
        var passed = slot / KeyValueCache.BlockTokens - FirstLocal;
        if (passed <= 0)
            return;
        // Rotated by as many places as blocks are passed: what was first becomes last.
        if (Local.Count > 0 && passed % Local.Count is var places and > 0)
        {
            Local.AddRange(Local[..places]);
            Local.RemoveRange(0, places);
        }
        FirstLocal += passed;
    }

    internal void Clear()
    {
        Global.Clear();
        Local.Clear();
        FirstLocal = 0;
    }
}
