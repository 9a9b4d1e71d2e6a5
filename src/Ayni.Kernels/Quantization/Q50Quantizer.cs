using System.Buffers.Binary;

namespace Ayni.Kernels;

/// <summary>Writes Q5_0.</summary>
internal readonly struct Q50Quantizer : IBlockQuantizer
{
    public static TensorType Type => TensorType.Q5_0;

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<float> weights = stackalloc float[32];
        ErrorWeights.Uniform(values, importance, weights);
        var scale = HalfScale.Write(block, ScaleSearch.Symmetric(values, weights, 16));
        var fifthBits = 0u;
        block[6..].Clear();
        for (var i = 0; i < 32; i++)
        {
            var level = HalfScale.Round(values[i], scale, -16, 15) + 16;
            block[6 + i % 16] |= (byte)((level & 0xf) << (i / 16 * 4));
            fifthBits |= (uint)(level >> 4) << i;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(block[2..], fifthBits);
    }
}
