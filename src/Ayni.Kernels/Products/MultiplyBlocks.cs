using System.Runtime.CompilerServices;

namespace Ayni.Kernels;

/// <summary>Multiplies some rows at a time, packed on the thread's own stack where they must be, by some packed columns.</summary>
internal unsafe struct MultiplyBlocks<TTile> : IChunkedWork
    where TTile : struct, IProductTile
{
    // Chunks for each thread, so that none waits long for the last one.
    private const int ChunksPerWorker = 4;

    private readonly int _rows;
    private readonly int _columns;
    private readonly int _rowBlock;
    private readonly int _columnBlock;

    /// <summary>Divides the output so that no thread waits long for the last one; how does not touch the results.</summary>
    public MultiplyBlocks(int rows, int columns, int workerCount)
    {
        var wantedChunks = workerCount == 1 ? 1 : ChunksPerWorker * workerCount;
        _rows = rows;
        _columns = columns;
        _rowBlock = Math.Clamp(CeilingTo(Ceiling(rows, wantedChunks), TTile.Rows), TTile.Rows, PanelProduct<TTile>.MostRows);
        var columnChunks = Math.Max(1, wantedChunks / Ceiling(rows, _rowBlock));
        _columnBlock = CeilingTo(Ceiling(columns, columnChunks), TTile.Columns);
    }

    public PanelProduct<TTile> Panels;

    /// <summary>The left side, if it is not packed.</summary>
    public StridedMatrix Left;

    /// <summary>The left side, packed; null if it is not.</summary>
    public float* LeftPanels;

    /// <summary>The left side, rounded row by row; null if it is not.</summary>
    public float* LeftRows;

    public float* Right;
    public int Depth;
    public float* Addend;
    public float* Output;
    public nint Stride;

    public readonly int ChunkCount => Ceiling(_rows, _rowBlock) * Ceiling(_columns, _columnBlock);

    [SkipLocalsInit]
    public readonly void Execute(int chunk)
    {
        var depthBlock = PanelProduct<TTile>.DepthBlock;
        var laysRows = LeftPanels == null && LeftRows == null;
        var memory = stackalloc float[laysRows ? _rowBlock * PanelProduct<TTile>.StepBlock + PanelPacking.Slack : 0];
        var (rowChunk, columnChunk) = Math.DivRem(chunk, Ceiling(_columns, _columnBlock));
        var (row, column) = (rowChunk * _rowBlock, columnChunk * _columnBlock);
        var (rows, columns) = (Math.Min(_rowBlock, _rows - row), Math.Min(_columnBlock, _columns - column));
        for (var step = 0; step < Depth; step += depthBlock)
        {
            var depth = Math.Min(depthBlock, Depth - step);
            var left = laysRows ? Panels.Tile.LayRows(Left.From(row, step), rows, depth, memory)
                : LeftRows != null ? RowsInPlace(row, step)
                : TileRows.Packed<TTile>(Panel(LeftPanels, _rows, TTile.Rows, row, step, depth), PanelProduct<TTile>.Steps(depth));
            var right = Panel(Right, _columns, TTile.Columns, column, step, depth);
            var offset = row * Stride + column;
            var addend = step > 0 ? Output : Addend;
            var next = LeftPanels == null || step + depthBlock >= Depth ? null
                : Panel(LeftPanels, _rows, TTile.Rows, row, step + depthBlock, Math.Min(depthBlock, Depth - step - depthBlock));
            Panels.MultiplyPanels(
                left, rows, right, columns, depth, addend == null ? null : addend + offset, Output + offset, Stride, next);
        }
    }

    private readonly TileRows RowsInPlace(int row, int step)
    {
        nint stride = PanelProduct<TTile>.Steps(Depth);
        return TileRows.InPlace<TTile>(LeftRows + row * stride + PanelProduct<TTile>.Steps(step), stride);
    }

    /// <summary>The panel of a row or column in a block of the depth, as <see cref="PackPanels{TTile}"/> lays them out.</summary>
    private static float* Panel(float* panels, int count, int width, int place, int step, int depth) =>
        panels + PanelProduct<TTile>.Steps(step) * PanelProduct<TTile>.Padded(count, width)
        + (nint)place * PanelProduct<TTile>.Steps(depth);

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;

    private static int CeilingTo(int value, int multiple) => Ceiling(value, multiple) * multiple;
}
