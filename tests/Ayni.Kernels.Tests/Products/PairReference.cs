namespace Ayni.Kernels.Tests;

/// <summary>Rounding to BF16 by comparing both neighbours.</summary>
internal static class PairReference
{
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
}
