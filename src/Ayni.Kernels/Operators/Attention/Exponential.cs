using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>The exponential function of eight values at a time, by arithmetic that is the same in every lane.</summary>
internal static class Exponential
{
    // The smallest power of two that is a normal number; what is less becomes 0.
    private const float Least = -126 * 0.693147180559945f;

    // Adding it leaves a whole number in the last bits of the sum.
    private const float Rounder = 1.5f * (1 << 23);

    /// <summary>
    /// eˣ of values up to 0, to two units in the last place; exactly 1 of 0 and 0 of negative infinity. By 2ⁿ·eʳ with r within half of ln 2 of 0 and
    /// the polynomial for eʳ of Cephes' <c>expf</c> (Moshier).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> OfNegative(Vector256<float> x)
    {
        var shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(1.44269504f), Vector256.Create(Rounder));
        var n = shifted - Vector256.Create(Rounder);
        // ln 2 in two parts, the first of so few bits that its product with n is exact.
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.693359375f), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(2.12194440e-4f), r);
        var p = Vector256.FusedMultiplyAdd(Vector256.Create(1.9875691500e-4f), r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(5.0000001201e-1f));
        p = Vector256.FusedMultiplyAdd(p, r * r, r + Vector256<float>.One);
        var power = ((shifted.AsInt32() << 23) + Vector256.Create(127 << 23)).AsSingle();
        return Vector256.AndNot(p * power, Vector256.LessThan(x, Vector256.Create(Least)));
    }
}
