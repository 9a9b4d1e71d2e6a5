using System.Buffers.Binary;

namespace Ayni.Kernels;

/// <summary>Scales as blocks store them.</summary>
internal static class HalfScale
{
    /// <summary>Writes a scale as F16 and returns what will be read; too large a scale becomes the largest there is.</summary>
    public static float Write(Span<byte> destination, float scale)
    {
        var half = (Half)Math.Clamp(scale, (float)Half.MinValue, (float)Half.MaxValue);
        BinaryPrimitives.WriteHalfLittleEndian(destination, half);
        return (float)half;
    }

    /// <summary>The whole number nearest to a value in units of a scale, within bounds; 0 for a scale of 0.</summary>
    public static int Round(float value, float scale, int least, int most) =>
        scale == 0 ? Math.Clamp(0, least, most) : (int)Math.Clamp(MathF.Round(value / scale), least, most);
}
