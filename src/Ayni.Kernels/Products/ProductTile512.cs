using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Eight rows of two 512-bit vectors: sixteen sums hide the latency of two multiply-adds a cycle, and leave registers free.
/// </summary>
internal readonly struct ProductTile512 : IProductTile
{
    public static int Rows => 8;

    public static int Columns => 32;

    public static int StepValues => 1;

    public unsafe void Pack(StridedMatrix source, int rows, int depth, int width, float* panels, int panelSteps) =>
        PanelPacking.Pack(source, rows, depth, width, panels, panelSteps);

    public unsafe TileRows LayRows(StridedMatrix source, int rows, int depth, float* memory) =>
        PanelPacking.LayRows<ProductTile512>(source, rows, depth, memory);

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
        Vector512<float> a0 = default, b0 = default;
        Vector512<float> a1 = default, b1 = default;
        Vector512<float> a2 = default, b2 = default;
        Vector512<float> a3 = default, b3 = default;
        Vector512<float> a4 = default, b4 = default;
        Vector512<float> a5 = default, b5 = default;
        Vector512<float> a6 = default, b6 = default;
        Vector512<float> a7 = default, b7 = default;
        var row1 = row0 + row;
        var row2 = row0 + 2 * row;
        var row3 = row0 + 3 * row;
        var row4 = row0 + 4 * row;
        var row5 = row0 + 5 * row;
        var row6 = row0 + 6 * row;
        var row7 = row0 + 7 * row;
        for (nint i = 0, end = steps * step; i < end; i += step, right += 32)
        {
            var a = Vector512.Load(right);
            var b = Vector512.Load(right + 16);
            var x = Vector512.Create(row0[i]);
            a0 = Vector512.FusedMultiplyAdd(x, a, a0);
            b0 = Vector512.FusedMultiplyAdd(x, b, b0);
            x = Vector512.Create(row1[i]);
            a1 = Vector512.FusedMultiplyAdd(x, a, a1);
            b1 = Vector512.FusedMultiplyAdd(x, b, b1);
            x = Vector512.Create(row2[i]);
            a2 = Vector512.FusedMultiplyAdd(x, a, a2);
            b2 = Vector512.FusedMultiplyAdd(x, b, b2);
            x = Vector512.Create(row3[i]);
            a3 = Vector512.FusedMultiplyAdd(x, a, a3);
            b3 = Vector512.FusedMultiplyAdd(x, b, b3);
            x = Vector512.Create(row4[i]);
            a4 = Vector512.FusedMultiplyAdd(x, a, a4);
            b4 = Vector512.FusedMultiplyAdd(x, b, b4);
            x = Vector512.Create(row5[i]);
            a5 = Vector512.FusedMultiplyAdd(x, a, a5);
            b5 = Vector512.FusedMultiplyAdd(x, b, b5);
            x = Vector512.Create(row6[i]);
            a6 = Vector512.FusedMultiplyAdd(x, a, a6);
            b6 = Vector512.FusedMultiplyAdd(x, b, b6);
            x = Vector512.Create(row7[i]);
            a7 = Vector512.FusedMultiplyAdd(x, a, a7);
            b7 = Vector512.FusedMultiplyAdd(x, b, b7);
        }
        Put(a0, b0, addend, output, 0);
        Put(a1, b1, addend, output, stride);
        Put(a2, b2, addend, output, 2 * stride);
        Put(a3, b3, addend, output, 3 * stride);
        Put(a4, b4, addend, output, 4 * stride);
        Put(a5, b5, addend, output, 5 * stride);
        Put(a6, b6, addend, output, 6 * stride);
        Put(a7, b7, addend, output, 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Put(Vector512<float> a, Vector512<float> b, float* addend, float* output, nint offset)
    {
        if (addend != null)
        {
            a += Vector512.Load(addend + offset);
            b += Vector512.Load(addend + offset + 16);
        }
        a.Store(output + offset);
        b.Store(output + offset + 16);
    }
}
