using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>Blocks of 32 weights: an F16 scale (2 bytes), then 32 signed bytes.</summary>
internal readonly unsafe struct Q80Format : IWeightFormat
{
    public static TensorType Type => TensorType.Q8_0;
    public static int BlockLength => 32;
    public static int BlockBytes => 34;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (var i = 0; i < 32; i++)
            weights[i] = scale * (sbyte)block[2 + i];
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel);
            var values = panel + 2 * Lanes.Count;
            for (var i = 0; i < 32; i++)
                (scale * Lanes.FromSignedBytes(Vector128.Load((sbyte*)values + i * Lanes.Count))).Store(strip + i * Lanes.Count);
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
