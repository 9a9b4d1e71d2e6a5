using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// The exponential function of eight or sixteen floats, the same bits for both, within two units in the last place: a power of two times a
/// polynomial on ±ln 2 / 2 (Cephes, expf).
/// </summary>
internal static class Exponential
{
    // Below, the result is under the smallest normal number and becomes 0; above, it would be infinite and stops at the largest there is.
    private const float Lowest = -87.33654f;
    private const float Highest = 88.37626f;

    /// <summary>e to the power of each value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x)
    {
        var isTiny = Vector256.LessThan(x, Vector256.Create(Lowest));
        // A NaN stays one: the comparison is false, and the minimum and maximum hand it on.
        x = Vector256.Max(Vector256.Min(x, Vector256.Create(Highest)), Vector256.Create(Lowest));
        var powers = Vector256.Round(x * Vector256.Create(1.44269504088896341f));
        // ln 2 in two parts, the first with so few bits that its multiples are exact.
        x = Vector256.FusedMultiplyAdd(powers, Vector256.Create(-0.693359375f), x);
        x = Vector256.FusedMultiplyAdd(powers, Vector256.Create(2.12194440e-4f), x);
        var y = Vector256.Create(1.9875691500e-4f);
        y = Vector256.FusedMultiplyAdd(y, x, Vector256.Create(1.3981999507e-3f));
        y = Vector256.FusedMultiplyAdd(y, x, Vector256.Create(8.3334519073e-3f));
        y = Vector256.FusedMultiplyAdd(y, x, Vector256.Create(4.1665795894e-2f));
        y = Vector256.FusedMultiplyAdd(y, x, Vector256.Create(1.6666665459e-1f));
        y = Vector256.FusedMultiplyAdd(y, x, Vector256.Create(5.0000001201e-1f));
        y = Vector256.FusedMultiplyAdd(y, x * x, x + Vector256<float>.One);
        var scale = (Vector256.ConvertToInt32(powers) + Vector256.Create(127)) << 23;
        return Vector256.AndNot(y * scale.AsSingle(), isTiny);
    }

    /// <summary>e to the power of each value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x)
    {
        var isTiny = Vector512.LessThan(x, Vector512.Create(Lowest));
        // The second operand is what is left of a NaN. What is too low comes to nothing below whatever is computed.
        x = Vector512.MinNative(Vector512.Create(Highest), x);
        var powers = Vector512.Round(x * Vector512.Create(1.44269504088896341f));
        x = Vector512.FusedMultiplyAdd(powers, Vector512.Create(-0.693359375f), x);
        x = Vector512.FusedMultiplyAdd(powers, Vector512.Create(2.12194440e-4f), x);
        var y = Vector512.Create(1.9875691500e-4f);
        y = Vector512.FusedMultiplyAdd(y, x, Vector512.Create(1.3981999507e-3f));
        y = Vector512.FusedMultiplyAdd(y, x, Vector512.Create(8.3334519073e-3f));
        y = Vector512.FusedMultiplyAdd(y, x, Vector512.Create(4.1665795894e-2f));
        y = Vector512.FusedMultiplyAdd(y, x, Vector512.Create(1.6666665459e-1f));
        y = Vector512.FusedMultiplyAdd(y, x, Vector512.Create(5.0000001201e-1f));
        y = Vector512.FusedMultiplyAdd(y, x * x, x + Vector512<float>.One);
        y = Avx512F.IsSupported
            ? Avx512F.Scale(y, powers)
            : y * ((Vector512.ConvertToInt32Native(powers) + Vector512.Create(127)) << 23).AsSingle();
        return Vector512.ConditionalSelect(isTiny, Vector512<float>.Zero, y);
    }
}
