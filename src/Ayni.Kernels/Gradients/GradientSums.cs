using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>Sums over gradients, each in an order that no number of threads changes.</summary>
public static class GradientSums
{
    private const int ChunkLength = 16384;
    private const int ChunkRows = 64;

    /// <summary>The sum of all squares, in double precision.</summary>
    public static double OfSquares(ReadOnlySpan<float> values, ComputeContext context)
    {
        var chunks = (values.Length + ChunkLength - 1) / ChunkLength;
        var work = new SumSquares { Values = values, Sums = context.RentScratch<double>(chunks) };
        context.Team.Run(ref work, chunks);
        var sum = 0.0;
        foreach (var part in work.Sums)
            sum += part;
        return sum;
    }

    /// <summary>Adds the rows of a matrix: the gradient of a bias.</summary>
    /// <param name="rows"><c>[rows, columns]</c>.</param>
    /// <param name="sums"><c>[columns]</c>; added to.</param>
    /// <param name="context">Team.</param>
    public static void AddRows(ReadOnlySpan<float> rows, Span<float> sums, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(rows.Length % sums.Length, 0, "the last row");
        var chunks = (rows.Length / sums.Length + ChunkRows - 1) / ChunkRows;
        var work = new SumRows { Rows = rows, Columns = sums.Length, Sums = context.RentScratch<float>(chunks * sums.Length) };
        context.Team.Run(ref work, chunks);
        for (var chunk = 0; chunk < chunks; chunk++)
            Residual.Add(sums, work.Sums.Slice(chunk * sums.Length, sums.Length));
    }

    /// <summary>Makes all sums zero.</summary>
    public static void Clear(Span<float> sums, ComputeContext context)
    {
        var work = new ClearChunks { Values = sums };
        context.Team.Run(ref work, (sums.Length + ChunkLength - 1) / ChunkLength);
    }

    private ref struct ClearChunks : IChunkedWork
    {
        public Span<float> Values;

        public readonly void Execute(int chunk) =>
            Values[(chunk * ChunkLength)..Math.Min(Values.Length, (chunk + 1) * ChunkLength)].Clear();
    }

    private ref struct SumSquares : IChunkedWork
    {
        public ReadOnlySpan<float> Values;
        public Span<double> Sums;

        public readonly void Execute(int chunk)
        {
            var values = Values[(chunk * ChunkLength)..Math.Min(Values.Length, (chunk + 1) * ChunkLength)];
            var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
            var (lower, upper) = (Vector256<double>.Zero, Vector256<double>.Zero);
            foreach (var vector in vectors)
            {
                var (a, b) = Vector256.Widen(vector);
                lower = Vector256.FusedMultiplyAdd(a, a, lower);
                upper = Vector256.FusedMultiplyAdd(b, b, upper);
            }
            var sum = Vector256.Sum(lower + upper);
            foreach (var value in values[(vectors.Length * Vector256<float>.Count)..])
                sum += (double)value * value;
            Sums[chunk] = sum;
        }
    }

    private ref struct SumRows : IChunkedWork
    {
        public ReadOnlySpan<float> Rows;
        public int Columns;
        public Span<float> Sums;

        public readonly void Execute(int chunk)
        {
            var sums = Sums.Slice(chunk * Columns, Columns);
            sums.Clear();
            var end = Math.Min(Rows.Length, (chunk + 1) * ChunkRows * Columns);
            for (var start = chunk * ChunkRows * Columns; start < end; start += Columns)
                Residual.Add(sums, Rows.Slice(start, Columns));
        }
    }
}
