namespace Ayni.Kernels;

/// <summary>Where a thread keeps what it has packed and computed of one document's key-value head.</summary>
internal readonly unsafe struct AttentionScratch<TTile, TScores>
    where TTile : struct, IProductTile
    where TScores : struct, IAttentionScores
{
    private const int Alignment = NativeBuffer.Alignment / sizeof(float);

    /// <summary>Divides memory.</summary>
    /// <param name="start">At least <see cref="Length"/> floats, aligned to a cache line; null to learn that number.</param>
    /// <param name="headDim">Values in a head.</param>
    /// <param name="length">Tokens of the document.</param>
    /// <param name="hasGradients">Whether gradients are computed.</param>
    public AttentionScratch(float* start, int headDim, int length, bool hasGradients)
    {
        var next = start;
        var byRows = RowPanels(length) * TScores.RowFloats(headDim);
        var byColumns = PaddedDim(headDim) * PanelProduct<TTile>.Steps(length);
        var queries = TTile.Columns * TScores.RowFloats(headDim);
        var columns = PaddedDim(headDim) * PanelProduct<TTile>.Steps(TTile.Columns);
        KeyRows = Take(ref next, byRows);
        ValueRows = Take(ref next, hasGradients ? byRows : 0);
        KeyColumns = Take(ref next, hasGradients ? byColumns : 0);
        ValueColumns = Take(ref next, hasGradients ? 0 : byColumns);
        Queries = Take(ref next, queries);
        Gradients = Take(ref next, hasGradients ? queries : 0);
        QueryColumns = Take(ref next, hasGradients ? columns : 0);
        GradientColumns = Take(ref next, hasGradients ? columns : 0);
        Packing = Take(ref next, queries + 2 * TScores.RowFloats(headDim) + PaddedDim(headDim));
        Scores = Take(ref next, TScores.MemoryFloats(hasGradients));
        Hidden = Take(ref next, TScores.KeyBlock(hasGradients));
        Bases = Take(ref next, TTile.Columns);
        Sums = Take(ref next, TTile.Columns);
        Corrections = Take(ref next, TTile.Columns);
        Commons = Take(ref next, TTile.Columns);
        KeyGradients = Take(ref next, hasGradients ? GradientFloats(headDim, length) : 0);
        ValueGradients = Take(ref next, hasGradients ? GradientFloats(headDim, length) : 0);
        Output = Take(ref next, RowPanels(TTile.Columns) * PaddedDim(headDim));
        Length = next - start;
    }

    /// <summary>Floats in all.</summary>
    public long Length { get; }

    /// <summary>All keys, packed as a left side of <c>[keys, headDim]</c>.</summary>
    public float* KeyRows { get; }

    /// <summary>All values, packed as a left side of <c>[keys, headDim]</c>.</summary>
    public float* ValueRows { get; }

    /// <summary>All keys, packed as a right side of <c>[keys, headDim]</c>.</summary>
    public float* KeyColumns { get; }

    /// <summary>All values, packed as a right side of <c>[keys, headDim]</c>.</summary>
    public float* ValueColumns { get; }

    /// <summary>A block of queries, packed as a right side of <c>[headDim, queries]</c>.</summary>
    public float* Queries { get; }

    /// <summary>The gradients of what they attended to, packed as a right side of <c>[headDim, queries]</c>.</summary>
    public float* Gradients { get; }

    /// <summary>The queries, packed as a right side of <c>[queries, headDim]</c>.</summary>
    public float* QueryColumns { get; }

    /// <summary>The gradients, packed as a right side of <c>[queries, headDim]</c>.</summary>
    public float* GradientColumns { get; }

    /// <summary>Memory as <see cref="HeadSides.Memory"/>.</summary>
    public float* Packing { get; }

    /// <summary>Memory for what becomes of scores.</summary>
    public float* Scores { get; }

    /// <summary>A bit for each query that does not see a key, <c>[keys]</c>.</summary>
    public float* Hidden { get; }

    /// <summary>As in <see cref="ScoreBlock.Bases"/>.</summary>
    public float* Bases { get; }

    /// <summary>As in <see cref="ScoreBlock.Sums"/>.</summary>
    public float* Sums { get; }

    /// <summary>As in <see cref="ScoreBlock.Corrections"/>.</summary>
    public float* Corrections { get; }

    /// <summary>As in <see cref="ScoreBlock.Commons"/>.</summary>
    public float* Commons { get; }

    /// <summary>Sums of the keys' gradients, which are <see cref="GradientFloats"/>.</summary>
    public float* KeyGradients { get; }

    /// <summary>Sums of the values' gradients, as those of the keys.</summary>
    public float* ValueGradients { get; }

    /// <summary>What the queries attend to, or their gradients, <c>[queries, headDim]</c>, each row filled up to whole tiles.</summary>
    public float* Output { get; }

    /// <summary>Floats of all keys' gradients, rows and columns filled up to whole tiles.</summary>
    public static long GradientFloats(int headDim, int length) => RowPanels(length) * PaddedDim(headDim);

    /// <summary>Values of a head with those that fill up its last tile.</summary>
    public static long PaddedDim(int headDim) => PanelProduct<TTile>.Padded(headDim, TTile.Columns);

    private static long RowPanels(int rows) => (rows + TTile.Rows - 1) / TTile.Rows * (long)TTile.Rows;

    private static float* Take(ref float* next, long count)
    {
        if (count == 0)
            return null;
        var taken = next;
        next += (count + PanelPacking.Slack + Alignment - 1) / Alignment * Alignment;
        return taken;
    }
}
