namespace Ayni.Kernels;

/// <summary>Writes Q2_K.</summary>
internal readonly struct Q2KQuantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q2_K;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<byte> scales = stackalloc byte[16];
        Span<byte> minima = stackalloc byte[16];
        Span<byte> levels = stackalloc byte[256];
        AffineSubBlocks.Choose(values, importance, 3, 15, block[80..], block[82..], scales, minima, levels);
        for (var sub = 0; sub < 16; sub++)
            block[sub] = (byte)(scales[sub] | minima[sub] << 4);
        block.Slice(16, 64).Clear();
        for (var i = 0; i < 256; i++)
            block[16 + i / 128 * 32 + i % 32] |= (byte)(levels[i] << (i % 128 / 32 * 2));
    }
}
