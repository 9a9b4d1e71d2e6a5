namespace Ayni.Kernels;

/// <summary>
/// Where a matrix's elements lie: element (i, j) at <c>Values[i · RowStride + j · ColumnStride]</c>. One of the strides is 1.
/// </summary>
internal readonly unsafe struct StridedMatrix(float* values, nint rowStride, nint columnStride)
{
    public float* Values { get; } = values;

    public nint RowStride { get; } = rowStride;

    public nint ColumnStride { get; } = columnStride;

    public StridedMatrix Transposed => new(Values, ColumnStride, RowStride);

    /// <summary>The same matrix without its first rows and columns.</summary>
    public StridedMatrix From(int row, int column) => new(Values + row * RowStride + column * ColumnStride, RowStride, ColumnStride);
}
