namespace Ayni.Kernels;

/// <summary>Tiles computed by <see cref="BFloat16TileKernel"/>.</summary>
internal readonly unsafe struct BFloat16Tile512(ExecutableCode kernel) : IProductTile
{
    private readonly delegate* unmanaged<void*, void> _entry = kernel.Entry;

    public static int Rows => BFloat16TileKernel.Rows;

    public static int Columns => BFloat16TileKernel.Vectors * 16;

    public static int StepValues => 2;

    public static void PackPanel(StridedMatrix source, int rows, int depth, int width, float* panel) =>
        PairPacking.PackPanel(source, rows, depth, width, (uint*)panel);

    public void Multiply(float* left, int panels, float* right, int steps, float* output, nint stride, bool accumulate)
    {
        var arguments = new TileArguments
        {
            Left = left,
            Right = right,
            Output = output,
            Panels = panels,
            Steps = steps,
            Stride = stride * sizeof(float),
            Accumulate = accumulate ? 1 : 0,
        };
        _entry(&arguments);
    }
}
