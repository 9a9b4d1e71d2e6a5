using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 256 weights (Q6_K): 128 bytes with the low 4 bits, 64 bytes with the high 2 bits, 16 signed sub-scales of 16 weights each,
/// and an F16 scale. A half block of 128 weights is four runs of 32 that share the bytes of the half: runs 0 and 1 take the low halves of
/// its low bytes, runs 2 and 3 the high halves; run r takes bits 2r and 2r + 1 of its high bytes. Values are stored plus 32.
/// </summary>
internal readonly unsafe struct Q6KFormat : IWeightFormat
{
    private const int HighOffset = 128;
    private const int SubScaleOffset = 192;
    private const int ScaleOffset = 208;

    public static TensorType Type => TensorType.Q6_K;
    public static int BlockLength => 256;
    public static int BlockBytes => 210;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[ScaleOffset..]);
        for (var i = 0; i < 256; i++)
        {
            var (half, run, column) = (i / 128, i % 128 / 32, i % 32);
            var low = block[half * 64 + run % 2 * 32 + column] >> (run / 2 * 4) & 0xf;
            var high = block[HighOffset + half * 32 + column] >> (run * 2) & 3;
            weights[i] = scale * (sbyte)block[SubScaleOffset + i / 16] * ((low | high << 4) - 32);
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var lowMask = Vector128.Create((byte)0xf);
        var highMask = Vector128.Create((byte)0x30);
        var offset = Vector128.Create((sbyte)32);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel + ScaleOffset * Lanes.Count);
            for (var sub = 0; sub < 16; sub++)
            {
                var (half, run) = (sub / 8, sub % 8 / 2);
                var lows = panel + (half * 64 + run % 2 * 32 + sub % 2 * 16) * Lanes.Count;
                var highs = panel + (HighOffset + half * 32 + sub % 2 * 16) * Lanes.Count;
                var subScale = Vector128.Load((sbyte*)panel + (SubScaleOffset + sub) * Lanes.Count);
                var subBlockScale = scale * Lanes.FromSignedBytes(subScale);
                for (var i = 0; i < 16; i++)
                {
                    // Shifts of 16-bit lanes move bits between bytes; the masks drop them.
                    var low = (Vector128.Load(lows + i * Lanes.Count).AsUInt16() >>> (run / 2 * 4)).AsByte() & lowMask;
                    var highBits = Vector128.Load(highs + i * Lanes.Count).AsUInt16();
                    var high = (run < 2 ? highBits << (4 - run * 2) : highBits >>> (run * 2 - 4)).AsByte() & highMask;
                    (subBlockScale * Lanes.FromSignedBytes((low | high).AsSByte() - offset)).Store(strip + (sub * 16 + i) * Lanes.Count);
                }
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
