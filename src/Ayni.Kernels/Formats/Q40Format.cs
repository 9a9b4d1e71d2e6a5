using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 32 weights (Q4_0): an F16 scale (2 bytes), then 16 bytes whose low halves are the first 16 weights and whose high halves
/// the last 16, each stored plus 8.
/// </summary>
internal readonly unsafe struct Q40Format : IWeightFormat
{
    public static TensorType Type => TensorType.Q4_0;
    public static int BlockLength => 32;
    public static int BlockBytes => 18;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (var i = 0; i < 16; i++)
        {
            weights[i] = scale * ((block[2 + i] & 0xf) - 8);
            weights[i + 16] = scale * ((block[2 + i] >> 4) - 8);
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var low = Vector128.Create((byte)0xf);
        var offset = Vector128.Create((sbyte)8);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel);
            var pairs = panel + 2 * Lanes.Count;
            for (var i = 0; i < 16; i++)
            {
                var pair = Vector128.Load(pairs + i * Lanes.Count);
                var first = (pair & low).AsSByte() - offset;
                var last = ((pair.AsUInt16() >>> 4).AsByte() & low).AsSByte() - offset;
                (scale * Lanes.FromSignedBytes(first)).Store(strip + i * Lanes.Count);
                (scale * Lanes.FromSignedBytes(last)).Store(strip + (i + 16) * Lanes.Count);
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
