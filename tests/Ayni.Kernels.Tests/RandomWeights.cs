using System.Buffers.Binary;

namespace Ayni.Kernels.Tests;

/// <summary>Seeded inputs of every readable type.</summary>
internal static class RandomWeights
{
    public static TheoryData<TensorType> Types => [.. TensorTypes.Readable];

    public static float[] Floats(Random random, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = (float)(random.NextDouble() * 2 - 1);
        return values;
    }

    /// <summary>Blocks of random bits with scales of ordinary size.</summary>
    /// <param name="random">The source.</param>
    /// <param name="type">The type.</param>
    /// <param name="weights">How many weights, whole blocks.</param>
    /// <param name="fill">Every byte but the scales', instead of random ones.</param>
    /// <param name="scales">What scales are multiples of, in turn, instead of random ones; plain numbers take them as they are.</param>
    public static byte[] Blocks(Random random, TensorType type, int weights, byte? fill = null, float[]? scales = null)
    {
        var format = TensorTypes.FormatOf(type);
        var bytes = new byte[weights / format.Weights * format.Bytes];
        if (fill is { } constant)
            bytes.AsSpan().Fill(constant);
        else
            random.NextBytes(bytes);
        for (var block = 0; block < weights / format.Weights; block++)
        {
            var span = bytes.AsSpan(block * format.Bytes, format.Bytes);
            var value = scales is null ? (float)(random.NextDouble() * 2 - 1) : scales[block % scales.Length];
            switch (type)
            {
                case TensorType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(span, value);
                    break;
                case TensorType.F16:
                    BinaryPrimitives.WriteHalfLittleEndian(span, (Half)value);
                    break;
                case TensorType.BF16:
                    BinaryPrimitives.WriteUInt16LittleEndian(span, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                    break;
                case TensorType.MXFP4:
                    span[0] = (byte)random.Next(115, 125);
                    break;
                default:
                    foreach (var offset in ScaleOffsets(type))
                        BinaryPrimitives.WriteHalfLittleEndian(span[offset..], (Half)(value / LargestInteger(type)));
                    break;
            }
        }
        return bytes;
    }

    private static int[] ScaleOffsets(TensorType type) => type switch
    {
        TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q4_K or TensorType.Q5_K => [0, 2],
        TensorType.Q2_K => [80, 82],
        TensorType.Q3_K => [108],
        TensorType.Q6_K => [208],
        TensorType.TQ1_0 => [52],
        TensorType.TQ2_0 => [64],
        _ => [0],
    };

    /// <summary>About the largest product of a stored value and its sub-scale, so that weights stay near 1.</summary>
    private static float LargestInteger(TensorType type) => type switch
    {
        TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q5_0 or TensorType.Q5_1 => 20,
        TensorType.Q2_K => 45,
        TensorType.Q3_K => 130,
        TensorType.Q4_K or TensorType.Q5_K => 1000,
        TensorType.Q6_K or TensorType.IQ4_XS => 4000,
        TensorType.TQ1_0 or TensorType.TQ2_0 => 1,
        _ => 130,
    };
}
