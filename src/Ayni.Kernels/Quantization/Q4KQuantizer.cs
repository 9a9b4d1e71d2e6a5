namespace Ayni.Kernels;

/// <summary>Writes Q4_K.</summary>
internal readonly struct Q4KQuantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q4_K;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<byte> scales = stackalloc byte[8];
        Span<byte> minima = stackalloc byte[8];
        Span<byte> levels = stackalloc byte[256];
        AffineSubBlocks.Choose(values, importance, 15, 63, block, block[2..], scales, minima, levels);
        AffineSubBlocks.WritePacked(scales, minima, block[4..]);
        block.Slice(16, 128).Clear();
        for (var i = 0; i < 256; i++)
            block[16 + i / 64 * 32 + i % 32] |= (byte)(levels[i] << (i / 32 % 2 * 4));
    }
}
