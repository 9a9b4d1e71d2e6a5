namespace Ayni.Kernels;

/// <summary>Rows of a matrix by their numbers: looked up, put back, or added to.</summary>
public static class SelectedRows
{
    private const int ChunkRows = 64;
    private const int ChunkColumns = 64;

    /// <summary>Copies the chosen rows.</summary>
    /// <param name="matrix"><c>[any, columns]</c>.</param>
    /// <param name="rows"><c>[count]</c>, the numbers of rows of the matrix.</param>
    /// <param name="selected">Receives <c>[count, columns]</c>.</param>
    /// <param name="context">Team.</param>
    public static void Gather(ReadOnlySpan<float> matrix, ReadOnlySpan<int> rows, Span<float> selected, ComputeContext context)
    {
        var work = new CopyRows { From = matrix, To = selected, Rows = rows, Columns = Columns(rows, selected), Scatters = false };
        context.Team.Run(ref work, (rows.Length + ChunkRows - 1) / ChunkRows);
    }

    /// <summary>Copies rows to the chosen ones, each of which is chosen once.</summary>
    /// <param name="selected"><c>[count, columns]</c>.</param>
    /// <param name="rows"><c>[count]</c>, the numbers of rows of the matrix.</param>
    /// <param name="matrix"><c>[any, columns]</c>; its other rows stay as they are.</param>
    /// <param name="context">Team.</param>
    public static void Scatter(ReadOnlySpan<float> selected, ReadOnlySpan<int> rows, Span<float> matrix, ComputeContext context)
    {
        var work = new CopyRows { From = selected, To = matrix, Rows = rows, Columns = Columns(rows, selected), Scatters = true };
        context.Team.Run(ref work, (rows.Length + ChunkRows - 1) / ChunkRows);
    }

    /// <summary>Adds rows to the chosen ones in their order: the gradient of looking them up.</summary>
    /// <param name="selected"><c>[count, columns]</c>.</param>
    /// <param name="rows"><c>[count]</c>, the numbers of rows of the matrix, any of them more than once.</param>
    /// <param name="matrix"><c>[any, columns]</c>; added to.</param>
    /// <param name="context">Team.</param>
    public static void Add(ReadOnlySpan<float> selected, ReadOnlySpan<int> rows, Span<float> matrix, ComputeContext context)
    {
        // A thread has some columns of all rows, so each sum has one order.
        var work = new AddRows { From = selected, To = matrix, Rows = rows, Columns = Columns(rows, selected) };
        context.Team.Run(ref work, (work.Columns + ChunkColumns - 1) / ChunkColumns);
    }

    private static int Columns(ReadOnlySpan<int> rows, ReadOnlySpan<float> selected)
    {
        if (rows.IsEmpty)
            return 0;
        ShapeMismatchException.ThrowUnlessEqual(selected.Length % rows.Length, 0, "the last row");
        return selected.Length / rows.Length;
    }

    private ref struct CopyRows : IChunkedWork
    {
        public ReadOnlySpan<float> From;
        public Span<float> To;
        public ReadOnlySpan<int> Rows;
        public int Columns;
        public bool Scatters;

        public readonly void Execute(int chunk)
        {
            for (var i = chunk * ChunkRows; i < Math.Min(Rows.Length, (chunk + 1) * ChunkRows); i++)
            {
                var (from, to) = Scatters ? (i, Rows[i]) : (Rows[i], i);
                From.Slice(from * Columns, Columns).CopyTo(To.Slice(to * Columns, Columns));
            }
        }
    }

    private ref struct AddRows : IChunkedWork
    {
        public ReadOnlySpan<float> From;
        public Span<float> To;
        public ReadOnlySpan<int> Rows;
        public int Columns;

        public readonly void Execute(int chunk)
        {
            var start = chunk * ChunkColumns;
            var count = Math.Min(ChunkColumns, Columns - start);
            for (var i = 0; i < Rows.Length; i++)
                Residual.Add(To.Slice(Rows[i] * Columns + start, count), From.Slice(i * Columns + start, count));
        }
    }
}
