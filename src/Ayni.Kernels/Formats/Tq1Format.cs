using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 256 weights of −1, 0 and 1 (TQ1_0): 48 bytes of five ternary digits each, 4 bytes of four, and an F16 scale. Digit n of a byte
/// is read by multiplying the byte, a fraction of 256, by 3ⁿ and taking the third it then lies in. The first 32 bytes hold weights 32
/// apart, the next 16 weights 16 apart, the last 4 weights 4 apart.
/// </summary>
internal readonly unsafe struct Tq1Format : IWeightFormat
{
    private const int ScaleOffset = 52;

    private static ReadOnlySpan<byte> PowersOfThree => [1, 3, 9, 27, 81];

    public static TensorType Type => TensorType.TQ1_0;
    public static int BlockLength => 256;
    public static int BlockBytes => 54;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block[ScaleOffset..]);
        for (var i = 0; i < 256; i++)
        {
            var (index, digit) = Place(i);
            var fraction = (byte)(block[index] * PowersOfThree[digit]);
            weights[i] = ((fraction * 3 >> 8) - 1) * scale;
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var one = Vector128.Create((sbyte)1);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel + ScaleOffset * Lanes.Count);
            for (var i = 0; i < 256; i++)
            {
                var (index, digit) = Place(i);
                var bytes = Vector256.WidenLower(Vector128.Load(panel + index * Lanes.Count).ToVector256Unsafe());
                var fraction = (bytes * (ushort)PowersOfThree[digit]) & Vector256.Create((ushort)0xff);
                var third = (fraction * (ushort)3) >>> 8;
                var value = Vector128.Narrow(third.GetLower(), third.GetUpper()).AsSByte() - one;
                (Lanes.FromSignedBytes(value) * scale).Store(strip + i * Lanes.Count);
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }

    /// <summary>The byte a weight is in, and which of its digits it is.</summary>
    private static (int Index, int Digit) Place(int weight) => weight switch
    {
        < 160 => (weight % 32, weight / 32),
        < 240 => (32 + (weight - 160) % 16, (weight - 160) / 16),
        _ => (48 + (weight - 240) % 4, (weight - 240) / 4),
    };
}
