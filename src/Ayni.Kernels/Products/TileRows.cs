namespace Ayni.Kernels;

/// <summary>
/// Where the left side of tiles lies, packed or not: step s of row r at <c>Values[r · RowStride + s · StepStride]</c>, four bytes each.
/// </summary>
internal readonly unsafe struct TileRows(float* values, nint rowStride, nint stepStride, nint tileStride)
{
    public float* Values { get; } = values;

    public nint RowStride { get; } = rowStride;

    public nint StepStride { get; } = stepStride;

    /// <summary>From a tile's first row to the next tile's.</summary>
    public nint TileStride { get; } = tileStride;

    /// <summary>Rows of packed panels, <c>[panels, steps, TTile.Rows]</c>.</summary>
    public static TileRows Packed<TTile>(float* panels, int steps) where TTile : struct, IProductTile =>
        new(panels, 1, TTile.Rows, (nint)steps * TTile.Rows);

    /// <summary>Rows whose steps follow each other.</summary>
    public static TileRows InPlace<TTile>(float* values, nint stride) where TTile : struct, IProductTile =>
        new(values, stride, 1, stride * TTile.Rows);

    /// <summary>The same without the first tiles.</summary>
    public TileRows From(int tile) => new(Values + tile * TileStride, RowStride, StepStride, TileStride);
}
