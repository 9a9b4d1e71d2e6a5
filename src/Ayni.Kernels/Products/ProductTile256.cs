using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Six rows of two 256-bit vectors: twelve sums, which with two vectors of the right side and one value of the left fill sixteen registers.
/// </summary>
internal readonly struct ProductTile256 : IProductTile
{
    public static int Rows => 6;

    public static int Columns => 16;

    public static int StepValues => 1;

    public unsafe void Pack(StridedMatrix source, int rows, int depth, int width, float* panels, int panelSteps) =>
        PanelPacking.Pack(source, rows, depth, width, panels, panelSteps);

    public unsafe TileRows LayRows(StridedMatrix source, int rows, int depth, float* memory) =>
        PanelPacking.LayRows<ProductTile256>(source, rows, depth, memory);

    public unsafe float* LayColumns(float* values, int depth, float* memory) => values;

    public unsafe void Multiply(TileRows left, int tiles, float* right, int steps, float* addend, float* output, nint stride)
    {
        for (var tile = 0; tile < tiles; tile++)
        {
            var offset = tile * Rows * stride;
            MultiplyTile(
                left.Values + tile * left.TileStride, left.RowStride, left.StepStride, right, steps,
                addend == null ? null : addend + offset, output + offset, stride);
        }
    }

    // Compiled once and for good: a first version that counts how often it runs would be run for seconds.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void MultiplyTile(
        float* row0, nint row, nint step, float* right, int steps, float* addend, float* output, nint stride)
    {
        Vector256<float> a0 = default, b0 = default;
        Vector256<float> a1 = default, b1 = default;
        Vector256<float> a2 = default, b2 = default;
        Vector256<float> a3 = default, b3 = default;
        Vector256<float> a4 = default, b4 = default;
        Vector256<float> a5 = default, b5 = default;
        var row1 = row0 + row;
        var row2 = row0 + 2 * row;
        var row3 = row0 + 3 * row;
        var row4 = row0 + 4 * row;
        var row5 = row0 + 5 * row;
        for (nint i = 0, end = steps * step; i < end; i += step, right += 16)
        {
            var a = Vector256.Load(right);
            var b = Vector256.Load(right + 8);
            var x = Vector256.Create(row0[i]);
            a0 = Vector256.FusedMultiplyAdd(x, a, a0);
            b0 = Vector256.FusedMultiplyAdd(x, b, b0);
            x = Vector256.Create(row1[i]);
            a1 = Vector256.FusedMultiplyAdd(x, a, a1);
            b1 = Vector256.FusedMultiplyAdd(x, b, b1);
            x = Vector256.Create(row2[i]);
            a2 = Vector256.FusedMultiplyAdd(x, a, a2);
            b2 = Vector256.FusedMultiplyAdd(x, b, b2);
            x = Vector256.Create(row3[i]);
            a3 = Vector256.FusedMultiplyAdd(x, a, a3);
            b3 = Vector256.FusedMultiplyAdd(x, b, b3);
            x = Vector256.Create(row4[i]);
            a4 = Vector256.FusedMultiplyAdd(x, a, a4);
            b4 = Vector256.FusedMultiplyAdd(x, b, b4);
            x = Vector256.Create(row5[i]);
            a5 = Vector256.FusedMultiplyAdd(x, a, a5);
            b5 = Vector256.FusedMultiplyAdd(x, b, b5);
        }
        Tile256.Put(a0, b0, addend, output, 0);
        Tile256.Put(a1, b1, addend, output, stride);
        Tile256.Put(a2, b2, addend, output, 2 * stride);
        Tile256.Put(a3, b3, addend, output, 3 * stride);
        Tile256.Put(a4, b4, addend, output, 4 * stride);
        Tile256.Put(a5, b5, addend, output, 5 * stride);
    }
}
