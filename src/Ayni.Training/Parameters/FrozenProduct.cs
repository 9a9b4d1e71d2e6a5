using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// Products with a matrix that stays as its file has it (Dettmers et al. 2023, arXiv:2305.14314): some of its rows at a time are decoded to
/// float32 and multiplied like any others, so that a base under an adapter takes no more memory than its file.
/// </summary>
/// <remarks>The rows are cut at fixed places, so results are the same to the bit for any number of threads.</remarks>
internal static class FrozenProduct
{
    // Weights decoded at a time: 4 MB.
    private const int StripWeights = 1 << 20;

    /// <summary>Computes <c>[tokens, rows]</c> from <c>[tokens, columns]</c>, and adds the addend, unless it is empty.</summary>
    public static void Forward(
        PackedMatrix matrix, ReadOnlySpan<float> input, ReadOnlySpan<float> addend, Span<float> output, PassState pass,
        ProductPrecision precision)
    {
        var tokens = input.Length / matrix.Columns;
        for (var (first, rows) = (0, StripRows(matrix)); first < matrix.Rows; first += rows)
        {
            var strip = Decode(matrix, first, rows, pass);
            var part = pass.StripOutput.Take((long)tokens * strip.Rows);
            FloatProduct.Multiply(new MatrixView(input, tokens, matrix.Columns), strip.Transposed, part, pass.Context, precision: precision);
            for (var token = 0; token < tokens; token++)
            {
                var from = part.Slice(token * strip.Rows, strip.Rows);
                var place = token * matrix.Rows + first;
                if (!addend.IsEmpty)
                    Residual.Add(from, addend.Slice(place, strip.Rows));
                from.CopyTo(output.Slice(place, strip.Rows));
            }
        }
    }

    /// <summary>Computes the gradient of the input, or adds to it.</summary>
    public static void BackwardToInput(
        PackedMatrix matrix, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, PassState pass, bool accumulate,
        ProductPrecision precision)
    {
        var tokens = outputGradient.Length / matrix.Rows;
        for (var (first, rows) = (0, StripRows(matrix)); first < matrix.Rows; first += rows)
        {
            var strip = Decode(matrix, first, rows, pass);
            var part = pass.StripOutput.Take((long)tokens * strip.Rows);
            for (var token = 0; token < tokens; token++)
                outputGradient.Slice(token * matrix.Rows + first, strip.Rows).CopyTo(part[(token * strip.Rows)..]);
            FloatProduct.Multiply(
                new MatrixView(part, tokens, strip.Rows), strip, inputGradient, pass.Context, accumulate || first > 0, precision);
        }
    }

    private static int StripRows(PackedMatrix matrix) => Math.Max(1, StripWeights / matrix.Columns);

    private static MatrixView Decode(PackedMatrix matrix, int first, int rows, PassState pass)
    {
        rows = Math.Min(rows, matrix.Rows - first);
        var weights = pass.Strip.Take((long)rows * matrix.Columns);
        matrix.CopyRows(first, weights, pass.Context);
        return new MatrixView(weights, rows, matrix.Columns);
    }
}
