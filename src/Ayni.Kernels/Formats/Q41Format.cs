using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 32 weights (Q4_1): an F16 scale, an F16 minimum, then 16 bytes whose low halves are the first 16 weights and whose high halves
/// the last 16.
/// </summary>
internal readonly unsafe struct Q41Format : IWeightFormat
{
    public static TensorType Type => TensorType.Q4_1;
    public static int BlockLength => 32;
    public static int BlockBytes => 20;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        var minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]);
        for (var i = 0; i < 16; i++)
        {
            weights[i] = scale * (block[4 + i] & 0xf) + minimum;
            weights[i + 16] = scale * (block[4 + i] >> 4) + minimum;
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var low = Vector128.Create((byte)0xf);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel);
            var minimum = Lanes.FromHalfBytes(panel + 2 * Lanes.Count);
            for (var i = 0; i < 16; i++)
            {
                var pair = Vector128.Load(panel + (4 + i) * Lanes.Count);
                (scale * Lanes.FromSignedBytes((pair & low).AsSByte()) + minimum).Store(strip + i * Lanes.Count);
                (scale * Lanes.FromSignedBytes((pair >>> 4).AsSByte()) + minimum).Store(strip + (i + 16) * Lanes.Count);
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
