namespace Ayni.Kernels;

/// <summary>Writes Q3_K.</summary>
internal readonly struct Q3KQuantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q3_K;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<sbyte> subScales = stackalloc sbyte[16];
        Span<sbyte> levels = stackalloc sbyte[256];
        SymmetricSubBlocks.Choose(values, importance, 4, 32, block[108..], subScales, levels);
        block[..108].Clear();
        for (var sub = 0; sub < 16; sub++)
        {
            var stored = subScales[sub] + 32;
            block[96 + sub % 8] |= (byte)((stored & 0xf) << (sub / 8 * 4));
            block[104 + sub % 4] |= (byte)(stored >> 4 << (sub / 4 * 2));
        }
        for (var i = 0; i < 256; i++)
        {
            var (half, run, column) = (i / 128, i % 128 / 32, i % 32);
            var stored = levels[i] + 4;
            block[32 + half * 32 + column] |= (byte)((stored & 3) << (run * 2));
            block[column] |= (byte)(stored >> 2 << (half * 4 + run));
        }
    }
}
