using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 32 weights (IQ4_NL): an F16 scale, then 16 bytes whose low halves are codes of the first 16 weights and whose high halves of
/// the last 16, into <see cref="CodeTable.NonLinear"/>.
/// </summary>
internal readonly unsafe struct Iq4NlFormat : IWeightFormat
{
    public static TensorType Type => TensorType.IQ4_NL;
    public static int BlockLength => 32;
    public static int BlockBytes => 18;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (var i = 0; i < 16; i++)
        {
            weights[i] = scale * CodeTable.NonLinear[block[2 + i] & 0xf];
            weights[i + 16] = scale * CodeTable.NonLinear[block[2 + i] >> 4];
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var table = Vector128.Create(CodeTable.NonLinear);
        var low = Vector128.Create((byte)0xf);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel);
            for (var i = 0; i < 16; i++)
            {
                var pair = Vector128.Load(panel + (2 + i) * Lanes.Count);
                (scale * Lanes.FromSignedBytes(CodeTable.LookUp(table, pair & low))).Store(strip + i * Lanes.Count);
                (scale * Lanes.FromSignedBytes(CodeTable.LookUp(table, pair >>> 4))).Store(strip + (i + 16) * Lanes.Count);
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
