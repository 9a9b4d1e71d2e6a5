namespace Ayni.Kernels;

/// <summary>
/// Turns the scores of some keys and a block of queries into probabilities, or into the scores' gradients, and lays these out as the next
/// products read them.
/// </summary>
internal unsafe interface IAttentionScores
{
    /// <summary>The most keys at a time, a multiple of every tile's rows.</summary>
    static abstract int KeyBlock(bool hasGradients);

    /// <summary>Floats needed in <see cref="ScoreBlock.Memory"/>.</summary>
    static abstract int MemoryFloats(bool hasGradients);

    /// <summary>
    /// Makes e to the power of the scores' distance from a base that is not far below the largest so far, and adds to the sums. Says where
    /// the base moved, and by what that changes all before.
    /// </summary>
    ScoreSides Exponentiate(in ScoreBlock block);

    /// <summary>Makes probabilities and the scores' gradients, short of the factor that scores are multiplied by.</summary>
    ScoreSides Differentiate(in ScoreBlock block);
}

/// <summary>Some keys and a block of queries, one for each of the tile's columns.</summary>
internal unsafe ref struct ScoreBlock
{
    /// <summary>Keys, at least one.</summary>
    public int Count;

    /// <summary>Values in a head.</summary>
    public int HeadDim;

    /// <summary>By what scores are multiplied.</summary>
    public float Scale;

    /// <summary>The keys, packed as a left side of <c>[keys, headDim]</c>.</summary>
    public float* Keys;

    /// <summary>The values, packed as the keys; of the gradient alone.</summary>
    public float* Values;

    /// <summary>The queries, packed as a right side of <c>[headDim, queries]</c>.</summary>
    public float* Queries;

    /// <summary>The gradients of what they attended to, packed as the queries; of the gradient alone.</summary>
    public float* Gradients;

    /// <summary>A bit for each query that does not see the key, <c>[keys]</c>, and for those that fill up the last tile.</summary>
    public uint* Hidden;

    /// <summary>Forward, the base of each query's softmax; backward, the logarithm of what its probabilities are divided by.</summary>
    public float* Bases;

    /// <summary>Sums of probabilities; forward alone.</summary>
    public float* Sums;

    /// <summary>Receives by what a moved base changes all before; forward alone.</summary>
    public float* Corrections;

    /// <summary>
    /// What the softmax's denominator gives back to all of a query's scores, negative; of the gradient alone.
    /// </summary>
    public float* Commons;

    /// <summary>Memory, aligned to cache lines.</summary>
    public float* Memory;
}

/// <summary>Probabilities or gradients of scores, as sides of products.</summary>
internal readonly unsafe struct ScoreSides
{
    /// <summary>Keys that they are of: the first of the block's, a multiple of the tile's rows unless it is all.</summary>
    public int Count { get; init; }

    /// <summary>Forward the probabilities, backward the scores' gradients: a right side of <c>[keys, queries]</c>.</summary>
    public float* Columns { get; init; }

    /// <summary>Probabilities as a left side of <c>[keys, queries]</c>, backward alone.</summary>
    public TileRows Probabilities { get; init; }

    /// <summary>The scores' gradients as a left side of <c>[keys, queries]</c>, backward alone.</summary>
    public TileRows Gradients { get; init; }
}
