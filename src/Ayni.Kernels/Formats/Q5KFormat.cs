using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 256 weights (Q5_K): an F16 scale, an F16 scale of the minima, <see cref="SubScales"/> of 32 weights each, 32 bytes with the
/// fifth bits (bit s of byte c belongs to weight c of sub-block s), and 128 bytes: each 32 bytes hold 32 weights in their low halves and
/// the next 32 in their high halves.
/// </summary>
internal readonly unsafe struct Q5KFormat : IWeightFormat
{
    private const int MinimumOffset = 2;
    private const int SubScaleOffset = 4;
    private const int FifthOffset = 16;
    private const int ValueOffset = 48;

    public static TensorType Type => TensorType.Q5_K;
    public static int BlockLength => 256;
    public static int BlockBytes => 176;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        var minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(block[MinimumOffset..]);
        for (var i = 0; i < 256; i++)
        {
            var (subScale, subMinimum) = SubScales.Decode(block[SubScaleOffset..], i / 32);
            var low = block[ValueOffset + i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 0xf;
            var fifth = block[FifthOffset + i % 32] >> (i / 32) & 1;
            weights[i] = scale * subScale * (low | fifth << 4) - minimum * subMinimum;
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var low = Vector128.Create((byte)0xf);
        var one = Vector128.Create((byte)1);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel);
            var minimum = Lanes.FromHalfBytes(panel + MinimumOffset * Lanes.Count);
            for (var sub = 0; sub < 8; sub++)
            {
                var (subScale, subMinimum) = SubScales.DecodePanel(panel + SubScaleOffset * Lanes.Count, sub);
                (subScale, subMinimum) = (scale * subScale, minimum * subMinimum);
                var values = panel + (ValueOffset + sub / 2 * 32) * Lanes.Count;
                var fifths = panel + FifthOffset * Lanes.Count;
                for (var i = 0; i < 32; i++)
                {
                    var value = (Vector128.Load(values + i * Lanes.Count) >>> (sub % 2 * 4)) & low;
                    var fifth = ((Vector128.Load(fifths + i * Lanes.Count) >>> sub) & one) << 4;
                    (subScale * Lanes.FromSignedBytes((value | fifth).AsSByte()) - subMinimum).Store(strip + (sub * 32 + i) * Lanes.Count);
                }
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
