namespace Ayni.Kernels;

/// <summary>The reference: rows as the file has them, decoded block by block and multiplied in plain loops.</summary>
internal sealed class ScalarMatrix<TFormat>(TensorData data, int rows, int columns) : PackedMatrix(TFormat.Type, rows, columns)
    where TFormat : struct, IWeightFormat
{
    private readonly int _rowBytes = columns / TFormat.BlockLength * TFormat.BlockBytes;

    public override TensorData Packed => default;

    private protected override void MultiplyCore(
        ReadOnlySpan<float> input, Span<float> output, int tokens, ComputeContext context)
    {
        var work = new MultiplyRows { Matrix = this, Input = input, Output = output, Tokens = tokens };
        context.Team.Run(ref work, Rows);
    }

    private protected override void MultiplyTransposedCore(
        ReadOnlySpan<float> input, Span<float> output, int tokens, ComputeContext context)
    {
        output.Clear();
        var weights = new float[Columns];
        for (var row = 0; row < Rows; row++)
        {
            CopyRowCore(row, weights);
            for (var token = 0; token < tokens; token++)
            {
                var factor = input[token * Rows + row];
                for (var column = 0; column < Columns; column++)
                    output[token * Columns + column] += factor * weights[column];
            }
        }
    }

    private protected override void CopyRowCore(int row, Span<float> destination)
    {
        var bytes = data.Span((long)row * _rowBytes, _rowBytes);
        for (var block = 0; block < Columns / TFormat.BlockLength; block++)
        {
            TFormat.Decode(
                bytes.Slice(block * TFormat.BlockBytes, TFormat.BlockBytes),
                destination.Slice(block * TFormat.BlockLength, TFormat.BlockLength));
        }
    }

    private ref struct MultiplyRows : IChunkedWork
    {
        public ScalarMatrix<TFormat> Matrix;
        public ReadOnlySpan<float> Input;
        public Span<float> Output;
        public int Tokens;

        public void Execute(int row)
        {
            var columns = Matrix.Columns;
            var weights = new float[columns];
            Matrix.CopyRowCore(row, weights);
            for (var token = 0; token < Tokens; token++)
            {
                var sum = 0f;
                for (var column = 0; column < columns; column++)
                    sum += Input[token * columns + column] * weights[column];
                Output[token * Matrix.Rows + row] = sum;
            }
        }
    }
}
