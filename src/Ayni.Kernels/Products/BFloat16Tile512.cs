namespace Ayni.Kernels;

/// <summary>Tiles computed by <see cref="BFloat16TileKernel"/>.</summary>
internal readonly unsafe struct BFloat16Tile512(Kernel kernel) : IProductTile
{
    public static int Rows => BFloat16TileKernel.Rows;

    public static int Columns => BFloat16TileKernel.Vectors * 16;

    public static int StepValues => 2;

    public static void Pack(StridedMatrix source, int rows, int depth, int width, float* panels) =>
        PairPacking.Pack(source, rows, depth, width, (uint*)panels);

    public void Multiply(float* left, int panels, float* right, int steps, float* addend, float* output, nint stride)
    {
        var arguments = new TileArguments
        {
            Left = left,
            Right = right,
            Addend = addend,
            Output = output,
            Panels = panels,
            Steps = steps,
            Stride = stride * sizeof(float),
        };
        kernel.Run(&arguments);
    }
}
