using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>Writes matrices in another type, some rows at a time, so that memory does not grow with the model.</summary>
/// <param name="context">The threads that compute.</param>
/// <param name="cancellationToken">Looked at between chunks.</param>
internal sealed class RowConverter(ComputeContext context, CancellationToken cancellationToken)
{
    private const int ChunkRows = 256;

    /// <summary>
    /// Writes rows; those of the wanted type already as they are. Throws <see cref="NotFiniteNumberException"/> for a number that is not
    /// finite, or not in the new type.
    /// </summary>
    /// <param name="data">The rows, one after another.</param>
    /// <param name="type">Their type, one that Ayni reads unless it is the wanted one.</param>
    /// <param name="columns">Weights in a row.</param>
    /// <param name="wanted">The type to write.</param>
    /// <param name="stream">Receives the rows.</param>
    /// <param name="importance">What an error in each column costs, <c>[columns]</c>; null where it was not measured.</param>
    public void Write(TensorData data, TensorType type, int columns, TensorType wanted, Stream stream, float[]? importance = null)
    {
        var sourceRowBytes = checked((int)TensorTypes.FormatOf(type).BytesOf(columns));
        var rowBytes = checked((int)TensorTypes.FormatOf(wanted).BytesOf(columns));
        var rows = data.Bytes / sourceRowBytes;
        var buffer = new byte[type == wanted ? 0 : ChunkRows * rowBytes];
        for (var first = 0L; first < rows; first += ChunkRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(ChunkRows, rows - first);
            var part = data.Slice(first * sourceRowBytes, (long)count * sourceRowBytes);
            if (type == wanted)
            {
                for (var row = 0; row < count; row++)
                    stream.Write(part.Span((long)row * sourceRowBytes, sourceRowBytes));
                continue;
            }
            using var matrix = PackedMatrix.Pack(part, type, count, columns, context);
            var work = new ConvertRows { Matrix = matrix, Type = wanted, Destination = buffer, RowBytes = rowBytes, Importance = importance };
            context.Team.Run(ref work, count);
            stream.Write(buffer.AsSpan(0, count * rowBytes));
        }
    }

    private struct ConvertRows : IChunkedWork
    {
        public PackedMatrix Matrix;
        public TensorType Type;
        public byte[] Destination;
        public int RowBytes;
        public float[]? Importance;

        public readonly void Execute(int row)
        {
            var values = new float[Matrix.Columns];
            Matrix.CopyRow(row, values);
            if (Array.FindIndex(values, value => !float.IsFinite(value)) is var bad and >= 0)
                throw new NotFiniteNumberException($"holds {values[bad]}, which is not a finite number, in column {bad}");
            if (Type == TensorType.F16 && Array.FindIndex(values, value => Half.IsInfinity((Half)value)) is var large and >= 0)
                throw new NotFiniteNumberException($"holds {values[large]} in column {large}, which is more than F16 can say; choose BF16 or F32");
            WeightQuantizer.QuantizeRow(Type, values, Importance, Destination.AsSpan(row * RowBytes, RowBytes));
        }
    }
}
