using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 256 weights of −1, 0 and 1 (TQ2_0): 64 bytes of 2-bit values, stored plus 1, and an F16 scale. A half block of 128 weights is
/// four runs of 32 that share 32 bytes: run r takes bits 2r and 2r + 1.
/// </summary>
internal readonly unsafe struct Tq2Format : IWeightFormat
{
    private const int ScaleOffset = 64;

    public static TensorType Type => TensorType.TQ2_0;
    public static int BlockLength => 256;
    public static int BlockBytes => 66;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[ScaleOffset..]);
        for (var i = 0; i < 256; i++)
            weights[i] = ((block[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3) - 1) * scale;
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var two = Vector128.Create((byte)3);
        var one = Vector128.Create((sbyte)1);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel + ScaleOffset * Lanes.Count);
            for (var i = 0; i < 256; i++)
            {
                var value = (Vector128.Load(panel + (i / 128 * 32 + i % 32) * Lanes.Count) >>> (i % 128 / 32 * 2)) & two;
                (Lanes.FromSignedBytes(value.AsSByte() - one) * scale).Store(strip + i * Lanes.Count);
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
