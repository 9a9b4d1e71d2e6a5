namespace Ayni.Kernels;

/// <summary>Scores of tiles of BF16 numbers, which stay in registers until they are rounded (<see cref="ScoreKernels"/>).</summary>
internal readonly unsafe struct PairScores(Kernel forward, Kernel backward) : IAttentionScores
{
    private const int RowFloats = 16;

    private static int Columns => BFloat16Tile512.Columns;

    public static int KeyBlock(bool hasGradients) => hasGradients ? 128 : 256;

    public static int MemoryFloats(bool hasGradients) =>
        KeyBlock(hasGradients) * (hasGradients ? 3 * RowFloats : RowFloats) + (hasGradients ? BFloat16Tile512.Rows * Columns : 0);

    public ScoreSides Exponentiate(in ScoreBlock block)
    {
        var arguments = Arguments(block, hasGradients: false);
        var tiles = arguments.Tiles;
        forward.Run(&arguments);
        return new ScoreSides
        {
            Count = arguments.Tiles == 0 ? block.Count : (int)(tiles - arguments.Tiles) * BFloat16Tile512.Rows,
            Columns = arguments.Columns,
        };
    }

    public ScoreSides Differentiate(in ScoreBlock block)
    {
        var arguments = Arguments(block, hasGradients: true);
        backward.Run(&arguments);
        return new ScoreSides
        {
            Count = block.Count,
            Columns = arguments.Columns,
            Probabilities = TileRows.InPlace<BFloat16Tile512>(arguments.Probabilities, RowFloats),
            Gradients = TileRows.InPlace<BFloat16Tile512>(arguments.ScoreGradients, RowFloats),
        };
    }

    private static ScoreArguments Arguments(in ScoreBlock block, bool hasGradients)
    {
        var rowFloats = KeyBlock(hasGradients) * RowFloats;
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
            Tiles = (block.Count + BFloat16Tile512.Rows - 1) / BFloat16Tile512.Rows,
            Steps = PanelProduct<BFloat16Tile512>.Steps(block.HeadDim),
            MayMove = 1,
            Scale = block.Scale,
            BinaryScale = (float)(block.Scale / Math.Log(2)),
        };
    }
}
