using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 32 weights (Q5_1): an F16 scale, an F16 minimum, 32 bits with each weight's fifth bit, then 16 bytes whose low halves belong
/// to the first 16 weights and whose high halves to the last 16.
/// </summary>
internal readonly unsafe struct Q51Format : IWeightFormat
{
    public static TensorType Type => TensorType.Q5_1;
    public static int BlockLength => 32;
    public static int BlockBytes => 24;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        var minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]);
        var fifthBits = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        for (var i = 0; i < 32; i++)
        {
            var low = block[8 + i % 16] >> (i / 16 * 4) & 0xf;
            weights[i] = scale * (low | (int)(fifthBits >> i & 1) << 4) + minimum;
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var low = Vector128.Create((byte)0xf);
        var one = Vector128.Create((byte)1);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel);
            var minimum = Lanes.FromHalfBytes(panel + 2 * Lanes.Count);
            for (var i = 0; i < 32; i++)
            {
                var lows = (Vector128.Load(panel + (8 + i % 16) * Lanes.Count) >>> (i / 16 * 4)) & low;
                var fifths = ((Vector128.Load(panel + (4 + i / 8) * Lanes.Count) >>> (i % 8)) & one) << 4;
                (scale * Lanes.FromSignedBytes((lows | fifths).AsSByte()) + minimum).Store(strip + i * Lanes.Count);
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
