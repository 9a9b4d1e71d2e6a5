namespace Ayni.Kernels;

/// <summary>Writes Q4_0.</summary>
internal readonly struct Q40Quantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q4_0;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<float> weights = stackalloc float[32];
        ErrorWeights.Uniform(values, importance, weights);
        var scale = HalfScale.Write(block, ScaleSearch.Symmetric(values, weights, 8));
        for (var i = 0; i < 16; i++)
        {
            var (first, last) = (HalfScale.Round(values[i], scale, -8, 7) + 8, HalfScale.Round(values[i + 16], scale, -8, 7) + 8);
            block[2 + i] = (byte)(first | last << 4);
        }
    }
}
