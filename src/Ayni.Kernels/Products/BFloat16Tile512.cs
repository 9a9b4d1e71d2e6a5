namespace Ayni.Kernels;

/// <summary>Tiles computed and packed by kernels (<see cref="BFloat16Kernels"/>).</summary>
internal readonly unsafe struct BFloat16Tile512(BFloat16Kernels kernels) : IProductTile
{
    public static int Rows => BFloat16TileKernel.Rows;

    public static int Columns => BFloat16TileKernel.Vectors * 16;

    public static int StepValues => 2;

    public void Pack(StridedMatrix source, int rows, int depth, int width, float* panels, int panelSteps)
    {
        var (packed, steps) = (0, depth / 2);
        if (source.RowStride == 1 && steps > 0 && (width == Rows || width == Columns))
        {
            var arguments = new RowPairsArguments
            {
                Stride = source.ColumnStride * sizeof(float),
                PanelStride = (nint)width * panelSteps * sizeof(float),
                Count = steps,
            };
            for (; packed + RowPairsKernel.Values <= rows; packed += RowPairsKernel.Values)
            {
                arguments.Source = source.Values + packed;
                arguments.Panels = panels + (nint)packed * panelSteps;
                (width == Rows ? kernels.PackRows : kernels.PackColumns).Run(&arguments);
            }
            // The value that the last one lacks is zero.
            if (depth % 2 != 0)
                PackPairs(source.From(0, depth - 1), packed, 1, panels + (nint)steps * width);
        }
        PackPairs(source.From(packed, 0), rows - packed, depth, panels + (nint)packed * panelSteps);

        void PackPairs(StridedMatrix rest, int restRows, int restDepth, float* target) =>
            PairPacking.Pack(rest, restRows, restDepth, width, (uint*)target, panelSteps);
    }

    public TileRows LayRows(StridedMatrix source, int rows, int depth, float* memory)
    {
        if (source.ColumnStride != 1 || rows % Rows != 0 || depth % RowRoundingKernel.Values != 0)
            return PairPacking.LayRows<BFloat16Tile512>(source, rows, depth, memory);
        var arguments = new RowRoundingArguments
        {
            Source = source.Values,
            SourceGap = (source.RowStride - depth) * sizeof(float),
            Target = memory,
            Rows = rows,
            Count = depth / RowRoundingKernel.Values,
        };
        kernels.RoundRows.Run(&arguments);
        return TileRows.InPlace<BFloat16Tile512>(memory, depth / 2);
    }

    public float* LayColumns(float* values, int depth, float* memory) =>
        PairPacking.LayColumns<BFloat16Tile512>(values, depth, memory);

    public void Multiply(TileRows left, int tiles, float* right, int steps, float* addend, float* output, nint stride)
    {
        var arguments = new TileArguments
        {
            Left = left.Values,
            RowStride = left.RowStride * sizeof(float),
            StepStride = left.StepStride * sizeof(float),
            TileStride = (left.TileStride - steps * left.StepStride) * sizeof(float),
            Right = right,
            Addend = addend,
            Output = output,
            Tiles = tiles,
            Steps = steps,
            Stride = stride * sizeof(float),
        };
        kernels.Tile.Run(&arguments);
    }
}
