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
    public static byte[] Blocks(Random random, TensorType type, int weights)
    {
        var format = TensorTypes.FormatOf(type);
        var bytes = new byte[weights / format.Weights * format.Bytes];
        random.NextBytes(bytes);
        for (var block = 0; block < weights / format.Weights; block++)
        {
            var span = bytes.AsSpan(block * format.Bytes, format.Bytes);
            var value = (float)(random.NextDouble() * 2 - 1);
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
                case TensorType.Q6_K:
                    BinaryPrimitives.WriteHalfLittleEndian(span[208..], (Half)(value / 1000));
                    break;
                default:
                    BinaryPrimitives.WriteHalfLittleEndian(span, (Half)(value / 50));
                    break;
            }
        }
        return bytes;
    }
}
