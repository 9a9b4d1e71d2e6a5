namespace Ayni.Kernels;

/// <summary>Writes Q5_K.</summary>
internal readonly struct Q5KQuantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q5_K;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<byte> scales = stackalloc byte[8];
        Span<byte> minima = stackalloc byte[8];
        Span<byte> levels = stackalloc byte[256];
        AffineSubBlocks.Choose(values, importance, 31, 63, block, block[2..], scales, minima, levels);
        AffineSubBlocks.WritePacked(scales, minima, block[4..]);
        block.Slice(16, 160).Clear();
        for (var i = 0; i < 256; i++)
        {
            block[48 + i / 64 * 32 + i % 32] |= (byte)((levels[i] & 0xf) << (i / 32 % 2 * 4));
            block[16 + i % 32] |= (byte)(levels[i] >> 4 << (i / 32));
        }
    }
}
