namespace Ayni.Kernels;

/// <summary>Writes Q6_K.</summary>
internal readonly struct Q6KQuantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q6_K;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<sbyte> subScales = stackalloc sbyte[16];
        Span<sbyte> levels = stackalloc sbyte[256];
        SymmetricSubBlocks.Choose(values, importance, 32, 128, block[208..], subScales, levels);
        block[..192].Clear();
        for (var sub = 0; sub < 16; sub++)
            block[192 + sub] = (byte)subScales[sub];
        for (var i = 0; i < 256; i++)
        {
            var (half, run, column) = (i / 128, i % 128 / 32, i % 32);
            var stored = levels[i] + 32;
            block[half * 64 + run % 2 * 32 + column] |= (byte)((stored & 0xf) << (run / 2 * 4));
            block[128 + half * 32 + column] |= (byte)(stored >> 4 << (run * 2));
        }
    }
}
