using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 256 weights (IQ4_XS): an F16 scale, eight 6-bit sub-scales of 32 weights each (2 bytes with their upper 2 bits, 4 bytes with
/// their lower 4), stored plus 32, then 16 bytes a sub-block whose low halves are codes of its first 16 weights and whose high halves of
/// its last 16, into <see cref="CodeTable.NonLinear"/>.
/// </summary>
internal readonly unsafe struct Iq4XsFormat : IWeightFormat
{
    private const int HighOffset = 2;
    private const int LowOffset = 4;
    private const int ValueOffset = 8;

    public static TensorType Type => TensorType.IQ4_XS;
    public static int BlockLength => 256;
    public static int BlockBytes => 136;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (var i = 0; i < 256; i++)
        {
            var sub = i / 32;
            var low = block[LowOffset + sub / 2] >> (sub % 2 * 4) & 0xf;
            var high = block[HighOffset + sub / 4] >> (sub % 4 * 2) & 3;
            var code = block[ValueOffset + sub * 16 + i % 16] >> (i / 16 % 2 * 4) & 0xf;
            weights[i] = scale * ((low | high << 4) - 32) * CodeTable.NonLinear[code];
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var table = Vector128.Create(CodeTable.NonLinear);
        var four = Vector128.Create((byte)0xf);
        var two = Vector128.Create((byte)3);
        var offset = Vector128.Create((sbyte)32);
        for (var b = 0; b < blockCount; b++)
        {
            var scale = Lanes.FromHalfBytes(panel);
            for (var sub = 0; sub < 8; sub++)
            {
                var low = (Vector128.Load(panel + (LowOffset + sub / 2) * Lanes.Count) >>> (sub % 2 * 4)) & four;
                var high = ((Vector128.Load(panel + (HighOffset + sub / 4) * Lanes.Count) >>> (sub % 4 * 2)) & two) << 4;
                var subScale = scale * Lanes.FromSignedBytes((low | high).AsSByte() - offset);
                for (var i = 0; i < 16; i++)
                {
                    var pair = Vector128.Load(panel + (ValueOffset + sub * 16 + i) * Lanes.Count);
                    var column = strip + (sub * 32 + i) * Lanes.Count;
                    (subScale * Lanes.FromSignedBytes(CodeTable.LookUp(table, pair & four))).Store(column);
                    (subScale * Lanes.FromSignedBytes(CodeTable.LookUp(table, pair >>> 4))).Store(column + 16 * Lanes.Count);
                }
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }
}
