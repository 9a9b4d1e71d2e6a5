using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>Scores of any tile, computed a block of keys at a time, which stays in the first-level cache.</summary>
internal readonly unsafe struct TileScores<TTile>(TTile tile) : IAttentionScores
    where TTile : struct, IProductTile
{
    private const int Keys = 96;
    private const int Alignment = NativeBuffer.Alignment / sizeof(float);

    /// <summary>Each lane's own bit.</summary>
    private static Vector512<uint> Bits => Vector512.Create(
        1u, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15);

    private static int ScoreFloats => Keys * TTile.Columns;

    // Laid out for a product, if it does not read scores where they are.
    private static int SideFloats => ScoreFloats + PanelPacking.Slack + Alignment;

    public static int KeyBlock(bool hasGradients) => Keys;

    public static int MemoryFloats(bool hasGradients) => hasGradients ? 2 * ScoreFloats + 3 * SideFloats : ScoreFloats + SideFloats;

    public static int RowFloats(int headDim) => PanelProduct<TTile>.Steps(headDim);

    public void Pack(StridedMatrix source, int rows, int headDim, HeadSides sides)
    {
        if (sides.Rows != null)
            tile.Pack(source, rows, headDim, TTile.Rows, sides.Rows, PanelProduct<TTile>.Steps(headDim));
        if (sides.Columns != null)
            tile.Pack(source.Transposed, headDim, rows, TTile.Columns, sides.Columns, PanelProduct<TTile>.Steps(rows));
        if (sides.Turned != null)
            tile.Pack(source, rows, headDim, TTile.Columns, sides.Turned, PanelProduct<TTile>.Steps(headDim));
    }

    public ScoreSides Exponentiate(in ScoreBlock block)
    {
        MultiplyRows(block.Keys, block.Queries, block, block.Memory);
        Hide(block);
        var scale = Vector512.Create(block.Scale);
        for (var lane = 0; lane < TTile.Columns; lane += Vector512<float>.Count)
        {
            var scores = block.Memory + lane;
            var before = Vector512.Load(block.Bases + lane);
            var now = Vector512.MaxNative(before, Largest(scores, block.Count) * scale);
            var (shift, sum) = (-now, Vector512<float>.Zero);
            for (var i = 0; i < block.Count; i++, scores += TTile.Columns)
            {
                var e = Exponential.Of(Vector512.FusedMultiplyAdd(Vector512.Load(scores), scale, shift));
                e.Store(scores);
                sum += e;
            }
            var correction = Exponential.Of(before - now);
            (Vector512.Load(block.Sums + lane) * correction + sum).Store(block.Sums + lane);
            correction.Store(block.Corrections + lane);
            now.Store(block.Bases + lane);
        }
        return new ScoreSides { Count = block.Count, Queries = Turned(block.Memory, block.Count, block.Memory + ScoreFloats) };
    }

    public ScoreSides Differentiate(in ScoreBlock block)
    {
        var scores = block.Memory;
        var gradients = scores + ScoreFloats;
        MultiplyRows(block.Keys, block.Queries, block, scores);
        MultiplyRows(block.Values, block.Gradients, block, gradients);
        Hide(block);
        var scale = Vector512.Create(block.Scale);
        for (var lane = 0; lane < TTile.Columns; lane += Vector512<float>.Count)
        {
            var (shift, common) = (-Vector512.Load(block.Bases + lane), Vector512.Load(block.Commons + lane));
            for (nint i = lane; i < block.Count * TTile.Columns; i += TTile.Columns)
            {
                var p = Exponential.Of(Vector512.FusedMultiplyAdd(Vector512.Load(scores + i), scale, shift));
                p.Store(scores + i);
                (p * (Vector512.Load(gradients + i) + common)).Store(gradients + i);
            }
        }
        var sides = gradients + ScoreFloats;
        return new ScoreSides
        {
            Count = block.Count,
            Queries = Turned(gradients, block.Count, sides),
            Probabilities = tile.LayRows(
                new StridedMatrix(scores, TTile.Columns, 1), block.Count, TTile.Columns, sides + SideFloats),
            Gradients = tile.LayRows(
                new StridedMatrix(gradients, TTile.Columns, 1), block.Count, TTile.Columns, sides + 2 * SideFloats),
        };
    }

    public void MultiplyKeys(in ScoreProduct product) => Multiply(product);

    public void MultiplyQueries(in ScoreProduct product) => Multiply(product);

    private void Multiply(in ScoreProduct product) =>
        tile.Multiply(product.Rows, product.Tiles, product.Right, product.Steps, product.Addend, product.Output, product.Stride);

    /// <summary>A left side of <c>[queries, keys]</c>.</summary>
    private TileRows Turned(float* scores, int keys, float* memory) =>
        new(tile.LayColumns(scores, keys, memory), 1, TTile.Columns, TTile.Rows);

    /// <summary><c>[keys, headDim] · [headDim, queries]</c>.</summary>
    private void MultiplyRows(float* left, float* right, in ScoreBlock block, float* output)
    {
        var steps = PanelProduct<TTile>.Steps(block.HeadDim);
        tile.Multiply(
            TileRows.Packed<TTile>(left, steps), (block.Count + TTile.Rows - 1) / TTile.Rows, right, steps, null, output, TTile.Columns);
    }

    /// <summary>Makes the scores of keys that a query does not see negative infinity.</summary>
    private static void Hide(in ScoreBlock block)
    {
        var negative = Vector512.Create(float.NegativeInfinity);
        for (var i = block.VisibleCount; i < block.Count; i++)
        {
            for (var lane = 0; lane < TTile.Columns; lane += Vector512<float>.Count)
            {
                var scores = block.Memory + i * TTile.Columns + lane;
                var isSeen = Vector512.Equals(Vector512.Create(block.Hidden[i] >> lane) & Bits, Vector512<uint>.Zero).AsSingle();
                Vector512.ConditionalSelect(isSeen, Vector512.Load(scores), negative).Store(scores);
            }
        }
    }

    private static Vector512<float> Largest(float* scores, int count)
    {
        var (even, odd) = (Vector512.Load(scores), Vector512.Load(scores));
        var i = 0;
        for (; i + 2 <= count; i += 2, scores += 2 * TTile.Columns)
        {
            even = Vector512.MaxNative(even, Vector512.Load(scores));
            odd = Vector512.MaxNative(odd, Vector512.Load(scores + TTile.Columns));
        }
        return Vector512.MaxNative(i < count ? Vector512.MaxNative(even, Vector512.Load(scores)) : even, odd);
    }
}
