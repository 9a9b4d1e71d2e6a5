using System.Buffers.Binary;

namespace Ayni.Kernels;

/// <summary>Writes Q5_1.</summary>
internal readonly struct Q51Quantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q5_1;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        var (scale, minimum) = AffineBlock.Write(values, importance, 31, block);
        var fifthBits = 0u;
        block[8..].Clear();
        for (var i = 0; i < 32; i++)
        {
            var level = HalfScale.Round(values[i] - minimum, scale, 0, 31);
            block[8 + i % 16] |= (byte)((level & 0xf) << (i / 16 * 4));
            fifthBits |= (uint)(level >> 4) << i;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], fifthBits);
    }
}
