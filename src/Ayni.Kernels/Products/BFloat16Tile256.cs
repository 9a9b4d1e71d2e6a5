using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Tiles of BF16 numbers where the processor has no instruction for them: the same numbers to the bit as <c>vdpbf16ps</c> gives, by two
/// multiply-adds for each pair, the upper numbers first, with subnormal operands and sums made zero.
/// </summary>
internal readonly struct BFloat16Tile256 : IProductTile
{
    public static int Rows => 4;

    public static int Columns => 16;

    public static int StepValues => 2;

    public unsafe void Pack(StridedMatrix source, int rows, int depth, int width, float* panels, int panelSteps) =>
        PairPacking.Pack(source, rows, depth, width, (uint*)panels, panelSteps);

    public unsafe TileRows LayRows(StridedMatrix source, int rows, int depth, float* memory) =>
        PairPacking.LayRows<BFloat16Tile256>(source, rows, depth, memory);

    public unsafe float* LayColumns(float* values, int depth, float* memory) =>
        PairPacking.LayColumns<BFloat16Tile256>(values, depth, memory);

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void MultiplyTile(
        float* row0, nint row, nint step, float* right, int steps, float* addend, float* output, nint stride)
    {
        Vector256<float> a0 = default, b0 = default;
        Vector256<float> a1 = default, b1 = default;
        Vector256<float> a2 = default, b2 = default;
        Vector256<float> a3 = default, b3 = default;
        var row1 = row0 + row;
        var row2 = row0 + 2 * row;
        var row3 = row0 + 3 * row;
        for (nint i = 0, end = steps * step; i < end; i += step, right += 16)
        {
            var (aUpper, aLower) = Split(Vector256.Load(right));
            var (bUpper, bLower) = Split(Vector256.Load(right + 8));
            var (upper, lower) = Split(Vector256.Create(row0[i]));
            a0 = Add(Add(a0, aUpper, upper), aLower, lower);
            b0 = Add(Add(b0, bUpper, upper), bLower, lower);
            (upper, lower) = Split(Vector256.Create(row1[i]));
            a1 = Add(Add(a1, aUpper, upper), aLower, lower);
            b1 = Add(Add(b1, bUpper, upper), bLower, lower);
            (upper, lower) = Split(Vector256.Create(row2[i]));
            a2 = Add(Add(a2, aUpper, upper), aLower, lower);
            b2 = Add(Add(b2, bUpper, upper), bLower, lower);
            (upper, lower) = Split(Vector256.Create(row3[i]));
            a3 = Add(Add(a3, aUpper, upper), aLower, lower);
            b3 = Add(Add(b3, bUpper, upper), bLower, lower);
        }
        Tile256.Put(a0, b0, addend, output, 0);
        Tile256.Put(a1, b1, addend, output, stride);
        Tile256.Put(a2, b2, addend, output, 2 * stride);
        Tile256.Put(a3, b3, addend, output, 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Upper, Vector256<float> Lower) Split(Vector256<float> pairs) =>
        (Normal((pairs.AsUInt32() & Vector256.Create(0xffff0000)).AsSingle()), Normal((pairs.AsUInt32() << 16).AsSingle()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> sum, Vector256<float> x, Vector256<float> y) =>
        Normal(Vector256.FusedMultiplyAdd(x, y, sum));

    /// <summary>Subnormal numbers become zeros of their sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Normal(Vector256<float> values)
    {
        var isTiny = Vector256.LessThan(Vector256.Abs(values), Vector256.Create(1.17549435e-38f));
        return Vector256.AndNot(values.AsUInt32(), isTiny.AsUInt32() & Vector256.Create(0x7fffffffu)).AsSingle();
    }
}
