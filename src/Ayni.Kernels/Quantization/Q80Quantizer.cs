namespace Ayni.Kernels;

/// <summary>Writes Q8_0: the largest value becomes ±127, so that nothing is clipped.</summary>
internal readonly struct Q80Quantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q8_0;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        var scale = HalfScale.Write(block, MathF.Abs(ScaleSearch.Extreme(values)) / 127);
        for (var i = 0; i < 32; i++)
            block[2 + i] = (byte)HalfScale.Round(values[i], scale, -127, 127);
    }
}
