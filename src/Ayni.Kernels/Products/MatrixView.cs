namespace Ayni.Kernels;

/// <summary>A matrix of floats somewhere in memory, by rows or, seen from the other side, by columns. Copies nothing.</summary>
public readonly ref struct MatrixView
{
    /// <summary>Views values that lie row after row.</summary>
    /// <param name="values"><c>[rows, columns]</c>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public MatrixView(ReadOnlySpan<float> values, int rows, int columns)
        : this(values, rows, columns, columns, 1) =>
            ShapeMismatchException.ThrowUnlessEqual(values.Length, (long)rows * columns, nameof(values));

    private MatrixView(ReadOnlySpan<float> values, int rows, int columns, int rowStride, int columnStride)
    {
        Values = values;
        Rows = rows;
        Columns = columns;
        RowStride = rowStride;
        ColumnStride = columnStride;
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>The same values with rows and columns exchanged.</summary>
    public MatrixView Transposed => new(Values, Columns, Rows, ColumnStride, RowStride);

    internal ReadOnlySpan<float> Values { get; }

    /// <summary>Floats from one row to the next.</summary>
    internal int RowStride { get; }

    /// <summary>Floats from one column to the next.</summary>
    internal int ColumnStride { get; }
}
