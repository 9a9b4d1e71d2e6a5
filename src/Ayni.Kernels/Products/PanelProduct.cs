using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>Multiplies packed panels, tile by tile. Holds nothing but its tile; each thread works on an output of its own.</summary>
internal readonly unsafe struct PanelProduct<TTile>(TTile tile)
    where TTile : struct, IProductTile
{
    /// <summary>
    /// Steps of the inner dimension that are summed in registers before the sum goes to the output: a right panel of them stays in the
    /// first-level cache. Fixed, because it decides the order of summation.
    /// </summary>
    public const int StepBlock = 256;

    private const int LineFloats = 64 / sizeof(float);

    // Rows packed at a time by one thread: 96 KB, within the second-level cache.
    private const int RowBlock = 96;

    /// <summary>The tile.</summary>
    public TTile Tile => tile;

    /// <summary>The inner dimension's values in a block of steps.</summary>
    public static int DepthBlock => StepBlock * TTile.StepValues;

    /// <summary>The most rows that a thread packs at a time, a multiple of the tile's.</summary>
    public static int MostRows => RowBlock / TTile.Rows * TTile.Rows;

    /// <summary>Steps that so many values of the inner dimension take, the last filled up.</summary>
    public static int Steps(int depth) => (depth + TTile.StepValues - 1) / TTile.StepValues;

    /// <summary>Rows or columns with those that fill up the last panel, of so many each.</summary>
    public static long Padded(int count, int width) => (count + width - 1) / width * (long)width;

    /// <summary>Multiplies packed rows by packed columns over one block of the inner dimension.</summary>
    /// <param name="left">Rows.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="right">Panels.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="depth">The inner dimension.</param>
    /// <param name="addend"><c>[rows, columns]</c>, which may be the output; null for none.</param>
    /// <param name="output"><c>[rows, columns]</c>.</param>
    /// <param name="stride">Floats from one row of the output, and of the addend, to the next.</param>
    /// <param name="next">As many rows that are multiplied next, to be asked for meanwhile; null for none.</param>
    [SkipLocalsInit]
    public void MultiplyPanels(
        TileRows left, int rows, float* right, int columns, int depth, float* addend, float* output, nint stride, float* next = null)
    {
        var edge = stackalloc float[TTile.Rows * TTile.Columns];
        var steps = Steps(depth);
        var share = next == null ? 0 : (nint)rows * steps * TTile.Columns / Padded(columns, TTile.Columns);
        for (var column = 0; column < columns; column += TTile.Columns, next += share)
        {
            for (nint line = 0; line < share && Sse.IsSupported; line += LineFloats)
                Sse.Prefetch1(next + line);
            var columnCount = Math.Min(TTile.Columns, columns - column);
            var rightPanel = right + (nint)column * steps;
            var whole = columnCount == TTile.Columns ? rows / TTile.Rows : 0;
            if (whole > 0)
                tile.Multiply(left, whole, rightPanel, steps, addend == null ? null : addend + column, output + column, stride);
            for (var row = whole * TTile.Rows; row < rows; row += TTile.Rows)
            {
                var offset = row * stride + column;
                tile.Multiply(left.From(row / TTile.Rows), 1, rightPanel, steps, null, edge, TTile.Columns);
                CopyEdge(
                    edge, Math.Min(TTile.Rows, rows - row), columnCount, addend == null ? null : addend + offset, output + offset, stride);
            }
        }
    }

    private static void CopyEdge(float* edge, int rows, int columns, float* addend, float* output, nint stride)
    {
        for (nint row = 0; row < rows; row++, edge += TTile.Columns)
        {
            for (var column = 0; column < columns; column++)
            {
                var offset = row * stride + column;
                output[offset] = addend == null ? edge[column] : addend[offset] + edge[column];
            }
        }
    }
}
