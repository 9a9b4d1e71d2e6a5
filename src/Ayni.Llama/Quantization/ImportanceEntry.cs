using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>What was measured of the inputs of a matrix, or of a stack of experts' matrices. Immutable.</summary>
/// <param name="Name">The tensor's name, such as <c>blk.0.attn_q.weight</c>.</param>
/// <param name="SquareSums">The sum of each column's squared inputs, <c>[experts, columns]</c>; a single matrix counts as one
/// expert.</param>
/// <param name="Counts">The inputs summed up, for each expert, or one number for all of them.</param>
public sealed record ImportanceEntry(string Name, ImmutableArray<float> SquareSums, ImmutableArray<float> Counts)
{
    // What a column without any input costs, in units of the mean: the text did not use it, another one may.
    private const float LeastWeight = 1e-9f;

    /// <summary>What makes the numbers impossible, or null.</summary>
    internal string? FindProblem()
    {
        if (SquareSums.IsEmpty || Counts.IsEmpty || SquareSums.Length % Counts.Length != 0)
            return $"{SquareSums.Length} sums and {Counts.Length} counts do not fit together";
        foreach (var (what, values) in ((string, ImmutableArray<float>)[])[("sum", SquareSums), ("count", Counts)])
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (!float.IsFinite(values[i]) || values[i] < 0)
                    return $"{what} {i} is {values[i]}; expected a finite number that is not negative";
            }
        }
        return null;
    }

    /// <summary>Whether the entry measured a tensor of this shape.</summary>
    internal bool Fits(long experts, long columns) =>
        SquareSums.Length == experts * columns && (Counts.Length == 1 || Counts.Length == experts);

    /// <summary>
    /// What an error in each column of one expert's matrix costs, <c>[columns]</c>: the mean square of its inputs, in units of the mean
    /// over all columns, which keeps the quantizer's sums far from the limits of single precision and changes no choice of it. All alike
    /// where the expert saw no token.
    /// </summary>
    internal float[] ColumnWeights(int expert, int columns)
    {
        var weights = new float[columns];
        var sums = SquareSums.AsSpan(expert * columns, columns);
        var mean = 0.0;
        foreach (var sum in sums)
            mean += sum;
        mean /= columns;
        if (mean == 0 || Counts[Counts.Length == 1 ? 0 : expert] == 0)
        {
            Array.Fill(weights, 1);
            return weights;
        }
        // The count is the same for all columns, so that it cancels out.
        for (var column = 0; column < columns; column++)
            weights[column] = MathF.Max(LeastWeight, (float)(sums[column] / mean));
        return weights;
    }
}
