using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 256 weights (Q3_K): 32 bytes with each weight's third bit, 64 bytes with its low 2 bits, 12 bytes of 6-bit sub-scales for 16
/// weights each, and an F16 scale. A half block of 128 weights is four runs of 32 that share 32 bytes: run r takes bits 2r and 2r + 1, and
/// bit 4 · half + r of the third bits. A third bit that is not set means minus 4; sub-scales are stored plus 32.
/// </summary>
internal readonly unsafe struct Q3KFormat : IWeightFormat
{
    private const int ValueOffset = 32;
    private const int SubScaleOffset = 96;
    private const int ScaleOffset = 108;

    public static TensorType Type => TensorType.Q3_K;
    public static int BlockLength => 256;
    public static int BlockBytes => 110;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[ScaleOffset..]);
        for (var i = 0; i < 256; i++)
        {
            var (half, run, column) = (i / 128, i % 128 / 32, i % 32);
            var low = block[ValueOffset + half * 32 + column] >> (run * 2) & 3;
            var third = block[column] >> (half * 4 + run) & 1;
            weights[i] = scale * (SubScale(block, i / 16) - 32) * (low + third * 4 - 4);
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var two = Vector128.Create((byte)3);
        var one = Vector128.Create((byte)1);
        var four = Vector128.Create((sbyte)4);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel + ScaleOffset * Lanes.Count);
            for (var sub = 0; sub < 16; sub++)
            {
                var (half, run) = (sub / 8, sub % 8 / 2);
                var subScale = scale * SubScales(panel, sub);
                var values = panel + (ValueOffset + half * 32 + sub % 2 * 16) * Lanes.Count;
                var thirds = panel + sub % 2 * 16 * Lanes.Count;
                for (var i = 0; i < 16; i++)
                {
                    var low = (Vector128.Load(values + i * Lanes.Count) >>> (run * 2)) & two;
                    var third = ((Vector128.Load(thirds + i * Lanes.Count) >>> (half * 4 + run)) & one) << 2;
                    (subScale * Lanes.FromSignedBytes((low | third).AsSByte() - four)).Store(strip + (sub * 16 + i) * Lanes.Count);
                }
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }

    /// <summary>Sub-scale <paramref name="sub"/>: 4 bits from the first 8 bytes, low halves first, and 2 from the last 4.</summary>
    private static int SubScale(ReadOnlySpan<byte> block, int sub)
    {
        var low = block[SubScaleOffset + sub % 8] >> (sub / 8 * 4) & 0xf;
        var high = block[SubScaleOffset + 8 + sub % 4] >> (sub / 4 * 2) & 3;
        return low | high << 4;
    }

    private static Lanes SubScales(byte* panel, int sub)
    {
        var low = (Vector128.Load(panel + (SubScaleOffset + sub % 8) * Lanes.Count) >>> (sub / 8 * 4)) & Vector128.Create((byte)0xf);
        var high = (Vector128.Load(panel + (SubScaleOffset + 8 + sub % 4) * Lanes.Count) >>> (sub / 4 * 2)) & Vector128.Create((byte)3);
        return Lanes.FromSignedBytes((low | (high << 4)).AsSByte() - Vector128.Create((sbyte)32));
    }
}
