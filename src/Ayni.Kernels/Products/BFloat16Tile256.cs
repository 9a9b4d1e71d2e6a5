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

    public static unsafe void Pack(StridedMatrix source, int rows, int depth, int width, float* panels) =>
        PairPacking.Pack(source, rows, depth, width, (uint*)panels);

    public unsafe void Multiply(float* left, int panels, float* right, int steps, float* addend, float* output, nint stride)
    {
        for (var panel = 0; panel < panels; panel++)
        {
            var offset = panel * Rows * stride;
            MultiplyTile(
                left + (nint)panel * steps * Rows, right, steps, addend == null ? null : addend + offset, output + offset, stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void MultiplyTile(float* left, float* right, int steps, float* addend, float* output, nint stride)
    {
        Vector256<float> a0 = default, b0 = default;
        Vector256<float> a1 = default, b1 = default;
        Vector256<float> a2 = default, b2 = default;
        Vector256<float> a3 = default, b3 = default;
        for (var end = left + (nint)steps * 4; left < end; left += 4, right += 16)
        {
            var (aUpper, aLower) = Split(Vector256.Load(right));
            var (bUpper, bLower) = Split(Vector256.Load(right + 8));
            var (upper, lower) = Split(Vector256.Create(left[0]));
            a0 = Add(Add(a0, aUpper, upper), aLower, lower);
            b0 = Add(Add(b0, bUpper, upper), bLower, lower);
            (upper, lower) = Split(Vector256.Create(left[1]));
            a1 = Add(Add(a1, aUpper, upper), aLower, lower);
            b1 = Add(Add(b1, bUpper, upper), bLower, lower);
            (upper, lower) = Split(Vector256.Create(left[2]));
            a2 = Add(Add(a2, aUpper, upper), aLower, lower);
            b2 = Add(Add(b2, bUpper, upper), bLower, lower);
            (upper, lower) = Split(Vector256.Create(left[3]));
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
