namespace Ayni.Kernels;

/// <summary>
/// Packs the rows of heads, and turns the scores of some keys and a block of queries into probabilities, or into the scores' gradients,
/// laid out as the next products read them.
/// </summary>
internal unsafe interface IAttentionScores
{
    /// <summary>The most keys at a time, a multiple of every tile's rows.</summary>
    static abstract int KeyBlock(bool hasGradients);

    /// <summary>Floats needed in <see cref="ScoreBlock.Memory"/>.</summary>
    static abstract int MemoryFloats(bool hasGradients);

    /// <summary>Floats that a packed row of a head takes, of <see cref="HeadSides.Rows"/> and <see cref="HeadSides.Turned"/>.</summary>
    static abstract int RowFloats(int headDim);

    /// <summary>Packs rows of a head.</summary>
    /// <param name="source"><c>[rows, headDim]</c>, whose values follow each other.</param>
    /// <param name="rows">Rows, at least one.</param>
    /// <param name="headDim">Values of a row.</param>
    /// <param name="sides">Where to.</param>
    void Pack(StridedMatrix source, int rows, int headDim, HeadSides sides);

    /// <summary>
    /// Makes e to the power of the scores' distance from a base that is not far below the largest so far, and adds to the sums. Says where
    /// the base moved, and by what that changes all before.
    /// </summary>
    ScoreSides Exponentiate(in ScoreBlock block);

    /// <summary>Makes probabilities and the scores' gradients, short of the factor that scores are multiplied by.</summary>
    ScoreSides Differentiate(in ScoreBlock block);

    /// <summary>Adds <c>[keys, queries] · [queries, headDim]</c>.</summary>
    void MultiplyKeys(in ScoreProduct product);

    /// <summary>Computes or adds <c>[queries, keys] · [keys, headDim]</c>.</summary>
    void MultiplyQueries(in ScoreProduct product);
}

/// <summary>Where to a head's rows are packed, for which products; null for those that nobody needs.</summary>
internal readonly unsafe struct HeadSides
{
    /// <summary>Receives a left side of <c>[rows, headDim]</c>, of all rows in whole tiles.</summary>
    public float* Rows { get; init; }

    /// <summary>Receives a right side of <c>[rows, headDim]</c>.</summary>
    public float* Columns { get; init; }

    /// <summary>Receives a right side of <c>[headDim, rows]</c>, of as many rows as a tile has columns.</summary>
    public float* Turned { get; init; }

    /// <summary>Memory for as many packed rows as <see cref="Turned"/> takes, for two more, and for one that is not packed.</summary>
    public float* Memory { get; init; }
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

    /// <summary>As many keys, the first ones, are seen by all queries.</summary>
    public int VisibleCount;

    /// <summary>Whether there is a query for each column, and the last key is that of the last one.</summary>
    public bool IsWholeEnd;

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

    /// <summary>Forward the probabilities, backward the scores' gradients: a left side of <c>[queries, keys]</c>.</summary>
    public TileRows Queries { get; init; }

    /// <summary>Probabilities as a left side of <c>[keys, queries]</c>, backward alone.</summary>
    public TileRows Probabilities { get; init; }

    /// <summary>The scores' gradients as a left side of <c>[keys, queries]</c>, backward alone.</summary>
    public TileRows Gradients { get; init; }
}

/// <summary>A product of what became of scores.</summary>
internal unsafe ref struct ScoreProduct
{
    /// <summary>Keys or queries.</summary>
    public TileRows Rows;

    /// <summary>Tiles of these.</summary>
    public int Tiles;

    /// <summary>A panel of the right side.</summary>
    public float* Right;

    /// <summary>Steps of the inner dimension: queries or keys.</summary>
    public int Steps;

    /// <summary>How many keys lie between the first key and the first query.</summary>
    public int Distance;

    /// <summary>What is added; null for nothing.</summary>
    public float* Addend;

    /// <summary>Receives the product.</summary>
    public float* Output;

    /// <summary>Floats from one row of the output, and of the addend, to the next.</summary>
    public int Stride;
}
