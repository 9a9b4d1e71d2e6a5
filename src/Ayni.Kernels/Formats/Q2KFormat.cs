using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 256 weights (Q2_K): 16 bytes whose low halves are the sub-scales and whose high halves the sub-minima of 16 weights each, 64
/// bytes of 2-bit values, an F16 scale and an F16 scale of the minima. A half block of 128 weights is four runs of 32 that share 32 bytes:
/// run r takes bits 2r and 2r + 1.
/// </summary>
internal readonly unsafe struct Q2KFormat : IWeightFormat
{
    private const int ValueOffset = 16;
    private const int ScaleOffset = 80;
    private const int MinimumOffset = 82;

    public static TensorType Type => TensorType.Q2_K;
    public static int BlockLength => 256;
    public static int BlockBytes => 84;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[ScaleOffset..]);
        var minimum = (float)BinaryPrimitives.ReadHalfLittleEndian(block[MinimumOffset..]);
        for (var i = 0; i < 256; i++)
        {
            var (half, run, column) = (i / 128, i % 128 / 32, i % 32);
            var value = block[ValueOffset + half * 32 + column] >> (run * 2) & 3;
            var sub = block[i / 16];
            weights[i] = scale * (sub & 0xf) * value - minimum * (sub >> 4);
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var low = Vector128.Create((byte)0xf);
        var two = Vector128.Create((byte)3);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel + ScaleOffset * Lanes.Count);
            var minimum = Lanes.FromHalfBytes(panel + MinimumOffset * Lanes.Count);
            for (var sub = 0; sub < 16; sub++)
            {
                var (half, run) = (sub / 8, sub % 8 / 2);
                var subBytes = Vector128.Load(panel + sub * Lanes.Count);
                var subScale = scale * Lanes.FromSignedBytes((subBytes & low).AsSByte());
                var subMinimum = minimum * Lanes.FromSignedBytes((subBytes >>> 4).AsSByte());
                var values = panel + (ValueOffset + half * 32 + sub % 2 * 16) * Lanes.Count;
                for (var i = 0; i < 16; i++)
                {
                    var value = (Vector128.Load(values + i * Lanes.Count) >>> (run * 2)) & two;
                    (subScale * Lanes.FromSignedBytes(value.AsSByte()) - subMinimum).Store(strip + (sub * 16 + i) * Lanes.Count);
                }
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
