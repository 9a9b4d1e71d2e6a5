namespace Ayni.Llama;

/// <summary>
/// Sums up the squares of what a matrix is multiplied with, column by column, in double precision. Used by one thread at a time.
/// </summary>
/// <param name="columns">The matrix's columns.</param>
internal sealed class InputStatistics(int columns)
{
    private readonly double[] _squares = new double[columns];

    /// <summary>The sums, <c>[columns]</c>.</summary>
    public ReadOnlySpan<double> Squares => _squares;

    /// <summary>Inputs summed up.</summary>
    public long Tokens { get; private set; }

    /// <summary>Adds inputs, <c>[tokens, columns]</c>.</summary>
    public void Add(ReadOnlySpan<float> inputs)
    {
        for (var start = 0; start < inputs.Length; start += _squares.Length)
        {
            var input = inputs.Slice(start, _squares.Length);
            for (var column = 0; column < input.Length; column++)
                _squares[column] += (double)input[column] * input[column];
            Tokens++;
        }
    }
}
