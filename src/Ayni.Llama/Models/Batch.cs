using System.Runtime.InteropServices;

namespace Ayni.Llama;

/// <summary>
/// The tokens of one forward pass: any number of sequences, each with any number of new tokens. Reused from step to step.
/// </summary>
public sealed class Batch(LlamaConfig config)
{
    private readonly List<int> _tokens = [];
    private readonly List<int> _positions = [];
    private readonly List<int> _rows = [];
    private readonly List<int> _logitRows = [];

    /// <summary>Tokens in the batch.</summary>
    public int TokenCount => _tokens.Count;

    /// <summary>Tokens whose logits are wanted.</summary>
    public int LogitCount => _logitRows.Count;

    internal ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);
    internal ReadOnlySpan<int> Positions => CollectionsMarshal.AsSpan(_positions);

    /// <summary>The row of each token in its block, <c>[tokens]</c>.</summary>
    internal ReadOnlySpan<int> Rows => CollectionsMarshal.AsSpan(_rows);

    /// <summary>For layers that attend to everything.</summary>
    internal BatchPlaces Global { get; } = new();

    /// <summary>For layers with local attention.</summary>
    internal BatchPlaces Local { get; } = new();

    internal ReadOnlySpan<int> LogitRows => CollectionsMarshal.AsSpan(_logitRows);

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        _tokens.Clear();
        _positions.Clear();
        _rows.Clear();
        Global.Clear();
        Local.Clear();
        _logitRows.Clear();
    }

    /// <summary>Adds the next tokens of one sequence.</summary>
    /// <param name="tokens">The new tokens.</param>
    /// <param name="draft">Tokens guessed to follow them, all of whose logits are wanted, too; empty for none.</param>
    /// <param name="cachedLength">Tokens of the sequence already in the cache.</param>
    /// <param name="blocks">The sequence's cache blocks, enough for the new tokens too.</param>
    /// <param name="logits">Which of the new tokens' logits are wanted.</param>
    /// <param name="positionOffset">Added to a token's place in the sequence to give its rotary position.</param>
    public void Add(
        ReadOnlySpan<int> tokens, ReadOnlySpan<int> draft, int cachedLength, SequenceBlocks blocks, LogitSelection logits, int positionOffset = 0)
    {
        var table = Global.AddBlocks(blocks.Global, first: 0);
        var count = tokens.Length + draft.Length;
        for (var i = 0; i < count; i++)
        {
            var slot = cachedLength + i;
            if (logits == LogitSelection.All || (logits == LogitSelection.Last && i >= tokens.Length - 1))
                _logitRows.Add(_tokens.Count);
            _tokens.Add(i < tokens.Length ? tokens[i] : draft[i - tokens.Length]);
            _positions.Add(slot + positionOffset);
            _rows.Add(slot % KeyValueCache.BlockTokens);
            Global.AddToken(table, slot, first: 0);
        }
        if (config.LocalAttention is { } local)
            AddLocal(count, cachedLength, blocks, local, positionOffset);
    }

    private void AddLocal(int count, int cachedLength, SequenceBlocks blocks, LocalAttention local, int positionOffset)
    {
        var table = Local.AddBlocks(blocks.Local, blocks.FirstLocal);
        for (var slot = cachedLength; slot < cachedLength + count; slot++)
            Local.AddToken(table, slot, FirstSlot(slot));

        int FirstSlot(int slot) => Math.Max(0, local.First(slot + positionOffset) - positionOffset);
    }
}

/// <summary>Which tokens' logits a forward pass computes: the output head is a large part of the work.</summary>
public enum LogitSelection
{
    /// <summary>No logits: more of the prompt follows.</summary>
    None,

    /// <summary>Those of the last new token.</summary>
    Last,

    /// <summary>Those of every new token.</summary>
    All,
}
