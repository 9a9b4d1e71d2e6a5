namespace Ayni.Kernels;

/// <summary>Tiles computed by <see cref="BFloat16TileKernel"/>.</summary>
internal readonly unsafe struct BFloat16Tile512(Kernel kernel) : IProductTile
{
    public static int Rows => BFloat16TileKernel.Rows;

    public static int Columns => BFloat16TileKernel.Vectors * 16;

    public static int StepValues => 2;

    public static void Pack(StridedMatrix source, int rows, int depth, int width, float* panels, int panelSteps) =>
        PairPacking.Pack(source, rows, depth, width, (uint*)panels, panelSteps);

    public static TileRows LayRows(StridedMatrix source, int rows, int depth, float* memory) =>
        PairPacking.LayRows<BFloat16Tile512>(source, rows, depth, memory);

    public static float* LayColumns(float* values, int depth, float* memory) =>
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
        kernel.Run(&arguments);
    }
}
