namespace Ayni.Kernels;

/// <summary>Scores of tiles of BF16 numbers, which stay in registers until they are rounded (<see cref="ScoreKernel"/>).</summary>
internal readonly unsafe struct PairScores(
    Kernel forward, Kernel backward, Kernel pack, Kernel turn, Kernel multiplyKeys, Kernel multiplyQueries) : IAttentionScores
{
    // Floats of a key's scores with all queries, in pairs.
    private const int QueryPairs = 16;

    private static int Columns => BFloat16Tile512.Columns;

    public static int KeyBlock(bool hasGradients) => hasGradients ? 128 : 256;

    public static int MemoryFloats(bool hasGradients) =>
        KeyBlock(hasGradients) * (hasGradients ? 3 * QueryPairs : QueryPairs) + (hasGradients ? BFloat16Tile512.Rows * Columns : 0);

    public static int RowFloats(int headDim) => HeadPackKernel.RowBytes(headDim) / sizeof(float);

    public void Pack(StridedMatrix source, int rows, int headDim, HeadSides sides)
    {
        var rowFloats = RowFloats(headDim);
        var packed = sides.Rows != null ? sides.Rows : sides.Memory;
        var panelFloats = PanelProduct<BFloat16Tile512>.Steps(rows) * Columns;
        // Where no pairs of rows are needed, they go one over the other, and so do rows of which nobody needs all.
        var hasRows = sides.Rows != null || sides.Turned != null;
        var arguments = new HeadPackArguments
        {
            Source = source.Values,
            SourceStride = source.RowStride * sizeof(float),
            Rows = packed,
            RowsStride = hasRows ? 2 * rowFloats * sizeof(float) : 0,
            Pairs = sides.Columns != null ? sides.Columns : sides.Memory + Columns * rowFloats,
            PairsStride = sides.Columns != null ? Columns * sizeof(float) : 0,
            PanelStride = sides.Columns != null ? panelFloats * sizeof(float) : 0,
            Count = rows / 2,
        };
        if (arguments.Count > 0)
            pack.Run(&arguments);
        if (rows % 2 != 0)
        {
            // The row that the last one lacks is one of zeros.
            var zeros = sides.Memory + (Columns + 2) * rowFloats;
            new Span<float>(zeros, headDim).Clear();
            arguments.Source = source.From(rows - 1, 0).Values;
            arguments.SourceStride = (byte*)zeros - (byte*)arguments.Source;
            arguments.Rows += arguments.Count * arguments.RowsStride / sizeof(float);
            arguments.Pairs += arguments.Count * arguments.PairsStride / sizeof(float);
            arguments.Count = 1;
            pack.Run(&arguments);
        }
        var whole = sides.Turned != null ? Columns : (rows + BFloat16Tile512.Rows - 1) / BFloat16Tile512.Rows * BFloat16Tile512.Rows;
        if (hasRows && whole > rows)
            new Span<float>(packed + rows * rowFloats, (whole - rows) * rowFloats).Clear();
        if (sides.Turned != null)
        {
            var turned = new HeadTurnArguments { Rows = packed, Columns = sides.Turned };
            turn.Run(&turned);
        }
    }

    public ScoreSides Exponentiate(in ScoreBlock block)
    {
        var arguments = Arguments(block, hasGradients: false);
        var tiles = arguments.Tiles;
        forward.Run(&arguments);
        return new ScoreSides
        {
            Count = arguments.Tiles + arguments.LastTiles == 0 ? block.Count : (int)(tiles - arguments.Tiles) * BFloat16Tile512.Rows,
            Queries = Turned(arguments.Columns),
        };
    }

    public ScoreSides Differentiate(in ScoreBlock block)
    {
        var arguments = Arguments(block, hasGradients: true);
        backward.Run(&arguments);
        return new ScoreSides
        {
            Count = block.Count,
            Queries = Turned(arguments.Columns),
            Probabilities = TileRows.InPlace<BFloat16Tile512>(arguments.Probabilities, QueryPairs),
            Gradients = TileRows.InPlace<BFloat16Tile512>(arguments.ScoreGradients, QueryPairs),
        };
    }

    public void MultiplyKeys(in ScoreProduct product) => Multiply(multiplyKeys, product, -product.Distance / 2);

    public void MultiplyQueries(in ScoreProduct product) =>
        Multiply(multiplyQueries, product, (product.Distance + BFloat16Tile512.Rows) / 2);

    private static void Multiply(Kernel kernel, in ScoreProduct product, int diagonal)
    {
        var arguments = new ScoreProductArguments
        {
            Left = product.Rows.Values,
            Right = product.Right,
            Addend = product.Addend,
            Output = product.Output,
            Stride = product.Stride * sizeof(float),
            Tiles = product.Tiles,
            Steps = product.Steps,
            Diagonal = diagonal,
            Rest = product.Steps - diagonal,
            Offset = diagonal * Columns * sizeof(float),
        };
        kernel.Run(&arguments);
    }

    /// <summary>A left side of <c>[queries, keys]</c> of pairs of keys.</summary>
    private static TileRows Turned(float* columns) => new(columns, 1, Columns, BFloat16Tile512.Rows);

    private static ScoreArguments Arguments(in ScoreBlock block, bool hasGradients)
    {
        var rowFloats = KeyBlock(hasGradients) * QueryPairs;
        var lastKeys = block.IsWholeEnd && block.Count >= Columns / 2 ? Columns / 2 : 0;
        return new ScoreArguments
        {
            Keys = block.Keys,
            Values = block.Values,
            Queries = block.Queries,
            Gradients = block.Gradients,
            Hidden = block.Hidden,
            Bases = block.Bases,
            Sums = block.Sums,
            Corrections = block.Corrections,
            Commons = block.Commons,
            Columns = block.Memory,
            Probabilities = block.Memory + rowFloats,
            ScoreGradients = block.Memory + 2 * rowFloats,
            TileGradients = block.Memory + 3 * rowFloats,
            VisibleTiles = block.VisibleCount / BFloat16Tile512.Rows,
            Tiles = (block.Count - lastKeys + BFloat16Tile512.Rows - 1) / BFloat16Tile512.Rows,
            LastTiles = lastKeys > 0 ? 1 : 0,
            Steps = PanelProduct<BFloat16Tile512>.Steps(block.HeadDim),
            MayMove = 1,
            Scale = block.Scale,
            BinaryScale = (float)(block.Scale / Math.Log(2)),
        };
    }
}
