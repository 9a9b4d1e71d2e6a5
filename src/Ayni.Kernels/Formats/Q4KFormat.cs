using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 256 weights (Q4_K): an F16 scale, an F16 scale of the minima, <see cref="SubScales"/> of 32 weights each, and 128 bytes: each
/// 32 bytes hold 32 weights in their low halves and the next 32 in their high halves.
/// </summary>
internal readonly unsafe struct Q4KFormat : IWeightFormat
{
    private const int MinimumOffset = 2;
    private const int SubScaleOffset = 4;
    private const int ValueOffset = 16;

    public static TensorType Type => TensorType.Q4_K;
    public static int BlockLength => 256;
    public static int BlockBytes => 144;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        var minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(block[MinimumOffset..]);
        for (var i = 0; i < 256; i++)
        {
            var (subScale, subMinimum) = SubScales.Decode(block[SubScaleOffset..], i / 32);
            var value = block[ValueOffset + i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 0xf;
            weights[i] = scale * subScale * value - minimum * subMinimum;
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var low = Vector128.Create((byte)0xf);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel);
            var minimum = Lanes.FromHalfBytes(panel + MinimumOffset * Lanes.Count);
            for (var sub = 0; sub < 8; sub++)
            {
                var (subScale, subMinimum) = SubScales.DecodePanel(panel + SubScaleOffset * Lanes.Count, sub);
                (subScale, subMinimum) = (scale * subScale, minimum * subMinimum);
                var values = panel + (ValueOffset + sub / 2 * 32) * Lanes.Count;
                for (var i = 0; i < 32; i++)
                {
                    var value = (Vector128.Load(values + i * Lanes.Count) >>> (sub % 2 * 4)) & low;
                    (subScale * Lanes.FromSignedBytes(value.AsSByte()) - subMinimum).Store(strip + (sub * 32 + i) * Lanes.Count);
                }
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
