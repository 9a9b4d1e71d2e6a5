using System.Runtime.InteropServices;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The tokens of one forward pass: any number of sequences, each with any number of new tokens. Reused from step to step.
/// </summary>
public sealed class Batch
{
    private readonly List<int> _tokens = [];
    private readonly List<int> _positions = [];
    private readonly List<int> _slotBlocks = [];
    private readonly List<int> _slotRows = [];
    private readonly List<AttentionSpan> _spans = [];
    private readonly List<int> _blockTable = [];
    private readonly List<int> _logitRows = [];

    /// <summary>Tokens in the batch.</summary>
    public int TokenCount => _tokens.Count;

    /// <summary>Tokens whose logits are wanted.</summary>
    public int LogitCount => _logitRows.Count;

    internal ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);
    internal ReadOnlySpan<int> Positions => CollectionsMarshal.AsSpan(_positions);
    internal ReadOnlySpan<int> SlotBlocks => CollectionsMarshal.AsSpan(_slotBlocks);
    internal ReadOnlySpan<int> SlotRows => CollectionsMarshal.AsSpan(_slotRows);
    internal ReadOnlySpan<AttentionSpan> Spans => CollectionsMarshal.AsSpan(_spans);
    internal ReadOnlySpan<int> BlockTable => CollectionsMarshal.AsSpan(_blockTable);
    internal ReadOnlySpan<int> LogitRows => CollectionsMarshal.AsSpan(_logitRows);

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        _tokens.Clear();
        _positions.Clear();
        _slotBlocks.Clear();
        _slotRows.Clear();
        _spans.Clear();
        _blockTable.Clear();
        _logitRows.Clear();
    }

    /// <summary>Adds the next tokens of one sequence.</summary>
    /// <param name="tokens">The new tokens.</param>
    /// <param name="cachedLength">Tokens of the sequence already in the cache.</param>
    /// <param name="blocks">The sequence's cache blocks, enough for the new tokens too.</param>
    /// <param name="logits">Which of the new tokens' logits are wanted.</param>
    /// <param name="positionOffset">Added to a token's place in the sequence to give its rotary position.</param>
    public void Add(ReadOnlySpan<int> tokens, int cachedLength, List<int> blocks, LogitSelection logits, int positionOffset = 0)
    {
        var tableStart = _blockTable.Count;
        _blockTable.AddRange(blocks);
        for (var i = 0; i < tokens.Length; i++)
        {
            var slot = cachedLength + i;
            var (block, row) = Math.DivRem(slot, KeyValueCache.BlockTokens);
            if (logits == LogitSelection.All || (logits == LogitSelection.Last && i == tokens.Length - 1))
                _logitRows.Add(_tokens.Count);
            _tokens.Add(tokens[i]);
            _positions.Add(slot + positionOffset);
            _slotBlocks.Add(blocks[block]);
            _slotRows.Add(row);
            _spans.Add(new AttentionSpan(tableStart, 0, slot + 1));
        }
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
