using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Blocks of 32 weights (MXFP4, OCP Microscaling Formats 1.0): a scale that is an exponent of two, stored plus 127 (255 is not a number),
/// then 16 bytes whose low halves are the first 16 weights and whose high halves the last 16, as 4-bit floats E2M1.
/// </summary>
internal readonly unsafe struct Mxfp4Format : IWeightFormat
{
    public static TensorType Type => TensorType.MXFP4;
    public static int BlockLength => 32;
    public static int BlockBytes => 17;
    public static int ElementBytes => 1;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> weights)
    {
        var scale = HalfScale(block[0]);
        for (var i = 0; i < 16; i++)
        {
            weights[i] = scale * CodeTable.TwiceE2M1[block[1 + i] & 0xf];
            weights[i + 16] = scale * CodeTable.TwiceE2M1[block[1 + i] >> 4];
        }
    }

    public static void DecodePanel(byte* panel, int blockCount, float* strip)
    {
        var table = Vector128.Create(CodeTable.TwiceE2M1);
        var low = Vector128.Create((byte)0xf);
        var scales = stackalloc float[Lanes.Count];
        for (var b = 0; b < blockCount; b++)
        {
            for (var row = 0; row < Lanes.Count; row++)
                scales[row] = HalfScale(panel[row]);
            var scale = Lanes.Load(scales);
            for (var i = 0; i < 16; i++)
            {
                var pair = Vector128.Load(panel + (1 + i) * Lanes.Count);
                (scale * Lanes.FromSignedBytes(CodeTable.LookUp(table, pair & low))).Store(strip + i * Lanes.Count);
                (scale * Lanes.FromSignedBytes(CodeTable.LookUp(table, pair >>> 4))).Store(strip + (i + 16) * Lanes.Count);
            }
            panel += BlockBytes * Lanes.Count;
            strip += BlockLength * Lanes.Count;
        }
    }

    /// <summary>
    /// Half the scale, since the table holds doubled values: 2^(exponent − 128), which for the two least is a subnormal number.
    /// </summary>
    private static float HalfScale(byte exponent) => exponent switch
    {
        255 => float.NaN,
        < 2 => BitConverter.UInt32BitsToSingle(0x00200000u << exponent),
        _ => BitConverter.UInt32BitsToSingle((uint)(exponent - 1) << 23),
    };
}
