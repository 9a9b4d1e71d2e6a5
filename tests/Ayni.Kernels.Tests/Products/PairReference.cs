namespace Ayni.Kernels.Tests;

/// <summary>What <c>vdpbf16ps</c> does, after Intel's description, and rounding to BF16 by comparing both neighbours.</summary>
internal static class PairReference
{
    /// <summary>Adds two products to a sum: that of the upper halves, then that of the lower ones.</summary>
    public static float Add(float sum, uint x, uint y)
    {
        sum = Flush(MathF.FusedMultiplyAdd(Upper(x), Upper(y), Flush(sum)));
        return Flush(MathF.FusedMultiplyAdd(Upper(x << 16), Upper(y << 16), sum));
    }

    /// <summary>The nearest number whose lower half is zero; of two as near, the one whose last bit is zero.</summary>
    public static float Round(float value)
    {
        if (!float.IsFinite(value))
            return value;
        var below = BitConverter.SingleToUInt32Bits(value) & 0xffff0000;
        var above = below + 0x10000;
        var (down, up) = (Math.Abs((double)value - Exact(below)), Math.Abs(Exact(above) - (double)value));
        return BitConverter.UInt32BitsToSingle(down < up || (down == up && (below & 0x10000) == 0) ? below : above);
    }

    // Beyond the greatest number there is one more, as if it had an exponent of its own.
    private static double Exact(uint bits) => (bits & 0x7fffffff) == 0x7f800000
        ? Math.ScaleB((int)bits < 0 ? -1 : 1, 128) : BitConverter.UInt32BitsToSingle(bits);

    private static float Upper(uint pair) => Flush(BitConverter.UInt32BitsToSingle(pair & 0xffff0000));

    private static float Flush(float value) => float.IsSubnormal(value) ? MathF.CopySign(0, value) : value;
}
