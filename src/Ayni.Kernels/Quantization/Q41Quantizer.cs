namespace Ayni.Kernels;

/// <summary>Writes Q4_1.</summary>
internal readonly struct Q41Quantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q4_1;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        var (scale, minimum) = AffineBlock.Write(values, importance, 15, block);
        for (var i = 0; i < 16; i++)
        {
            var (first, last) = (HalfScale.Round(values[i] - minimum, scale, 0, 15), HalfScale.Round(values[i + 16] - minimum, scale, 0, 15));
            block[4 + i] = (byte)(first | last << 4);
        }
    }
}
