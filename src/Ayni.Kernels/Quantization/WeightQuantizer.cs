using System.Buffers.Binary;

namespace Ayni.Kernels;

/// <summary>Writes float weights in a file's storage types. Stateless.</summary>
public static class WeightQuantizer
{
    /// <summary>The types that can be written.</summary>
    public static IReadOnlyList<TensorType> WritableTypes { get; } =
    [
        TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q4_0, TensorType.Q4_1, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q8_0,
        TensorType.Q2_K, TensorType.Q3_K, TensorType.Q4_K, TensorType.Q5_K, TensorType.Q6_K,
    ];

    /// <summary>Quantizes one row.</summary>
    /// <param name="type">One of <see cref="WritableTypes"/>; another throws <see cref="NotSupportedException"/>.</param>
    /// <param name="row"><c>[columns]</c> finite weights, a multiple of the type's block length.</param>
    /// <param name="importance">The mean square of each column's input, <c>[columns]</c>; empty where it was not measured.</param>
    /// <param name="destination">Receives the row's blocks.</param>
    /// <exception cref="ShapeMismatchException">Lengths do not fit together.</exception>
    public static void QuantizeRow(TensorType type, ReadOnlySpan<float> row, ReadOnlySpan<float> importance, Span<byte> destination)
    {
        ShapeMismatchException.ThrowUnlessEqual(destination.Length, TensorTypes.FormatOf(type).BytesOf(row.Length), nameof(destination));
        if (!importance.IsEmpty)
            ShapeMismatchException.ThrowUnlessEqual(importance.Length, row.Length, nameof(importance));
        switch (type)
        {
            case TensorType.F32:
                for (var i = 0; i < row.Length; i++)
                    BinaryPrimitives.WriteSingleLittleEndian(destination[(4 * i)..], row[i]);
                break;
            case TensorType.F16:
                for (var i = 0; i < row.Length; i++)
                    BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], (Half)row[i]);
                break;
            case TensorType.BF16:
                for (var i = 0; i < row.Length; i++)
                    BinaryPrimitives.WriteUInt16LittleEndian(destination[(2 * i)..], BF16Format.Round(row[i]));
                break;
            case TensorType.Q4_0:
                QuantizeBlocks<Q40Quantizer>(row, importance, destination);
                break;
            case TensorType.Q4_1:
                QuantizeBlocks<Q41Quantizer>(row, importance, destination);
                break;
            case TensorType.Q5_0:
                QuantizeBlocks<Q50Quantizer>(row, importance, destination);
                break;
            case TensorType.Q5_1:
                QuantizeBlocks<Q51Quantizer>(row, importance, destination);
                break;
            case TensorType.Q8_0:
                QuantizeBlocks<Q80Quantizer>(row, importance, destination);
                break;
            case TensorType.Q2_K:
                QuantizeBlocks<Q2KQuantizer>(row, importance, destination);
                break;
            case TensorType.Q3_K:
                QuantizeBlocks<Q3KQuantizer>(row, importance, destination);
                break;
            case TensorType.Q4_K:
                QuantizeBlocks<Q4KQuantizer>(row, importance, destination);
                break;
            case TensorType.Q5_K:
                QuantizeBlocks<Q5KQuantizer>(row, importance, destination);
                break;
            case TensorType.Q6_K:
                QuantizeBlocks<Q6KQuantizer>(row, importance, destination);
                break;
            default:
                throw new NotSupportedException($"Weights can't be written as {type}; writable: {string.Join(", ", WritableTypes)}.");
        }
    }

    private static void QuantizeBlocks<TQuantizer>(ReadOnlySpan<float> row, ReadOnlySpan<float> importance, Span<byte> destination)
        where TQuantizer : struct, IBlockQuantizer
    {
        var format = TensorTypes.FormatOf(TQuantizer.Type);
        for (var block = 0; block < row.Length / format.Weights; block++)
        {
            var range = new Range(block * format.Weights, (block + 1) * format.Weights);
            TQuantizer.Quantize(
                row[range], importance.IsEmpty ? [] : importance[range], destination.Slice(block * format.Bytes, format.Bytes));
        }
    }
}
