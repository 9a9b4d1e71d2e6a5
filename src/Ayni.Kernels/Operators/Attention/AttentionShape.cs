namespace Ayni.Kernels;

/// <summary>The shape of a layer's grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245) over a paged cache.</summary>
/// <param name="HeadCount">Query heads.</param>
/// <param name="KeyValueHeadCount">Key and value heads; divides <paramref name="HeadCount"/>.</param>
/// <param name="HeadDim">Values in a head.</param>
public readonly record struct AttentionShape(int HeadCount, int KeyValueHeadCount, int HeadDim)
{
    /// <summary>Tokens in a cache block: the lanes that scores are computed in.</summary>
    public const int BlockTokens = Lanes.Count;

    /// <summary>Values of one layer's keys (or values) in one cache block.</summary>
    public int BlockLength => KeyValueHeadCount * BlockTokens * HeadDim;

    /// <summary>Query heads that share a key and value head.</summary>
    internal int GroupSize => HeadCount / KeyValueHeadCount;

    /// <summary>Values in a row of a value block: the head's and zeros up to whole vectors.</summary>
    internal int ValueWidth => (HeadDim + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
}

/// <summary>What one token of a batch attends to: the slots of a sequence from <paramref name="First"/> up to its own.</summary>
/// <param name="TableStart">
/// Where the block of the sequence's slot 0 is, or would be, in the batch's block table: below 0 where the table does not begin with it.
/// </param>
/// <param name="First">The first slot attended to; above 0 where attention is local.</param>
/// <param name="End">One more than the last slot attended to; above <paramref name="First"/>.</param>
public readonly record struct AttentionSpan(int TableStart, int First, int End);
