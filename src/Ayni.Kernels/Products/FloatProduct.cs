using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Products of float matrices that change from step to step, as training needs them: forward, back to the inputs, and to the weights, by
/// one code over views and their transposes. Both sides are packed into panels as they are used, block by block (Goto and van de Geijn
/// 2008, doi:10.1145/1356052.1356053; Van Zee and van de Geijn 2015, doi:10.1145/2764454).
/// </summary>
/// <remarks>
/// The inner dimension is summed in blocks at fixed places and never divided among threads, so results are the same to the bit for any
/// number of threads.
/// </remarks>
public static unsafe class FloatProduct
{
    // Packed columns at a time: 16 MB.
    private const long MostPacked = 4 << 20;

    /// <summary>Computes <c>output = left · right</c>, or adds it to the output.</summary>
    /// <param name="left"><c>[rows, depth]</c>.</param>
    /// <param name="right"><c>[depth, columns]</c>.</param>
    /// <param name="output"><c>[rows, columns]</c>; neither of the operands.</param>
    /// <param name="context">Team and scratch memory.</param>
    /// <param name="accumulate">True to add to the output, false to overwrite it.</param>
    /// <param name="precision">To what the operands are rounded first; sums are float32 in any case.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    public static void Multiply(
        MatrixView left, MatrixView right, Span<float> output, ComputeContext context, bool accumulate = false,
        ProductPrecision precision = ProductPrecision.F32) =>
        Multiply(left, right, accumulate ? output : [], output, context, precision);

    /// <summary>Computes <c>output = addend + left · right</c>.</summary>
    /// <param name="left"><c>[rows, depth]</c>.</param>
    /// <param name="right"><c>[depth, columns]</c>.</param>
    /// <param name="addend"><c>[rows, columns]</c>, which may be the output; empty for none.</param>
    /// <param name="output"><c>[rows, columns]</c>; neither of the operands.</param>
    /// <param name="context">Team and scratch memory.</param>
    /// <param name="precision">To what the operands are rounded first; sums are float32 in any case.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    public static void Multiply(
        MatrixView left, MatrixView right, ReadOnlySpan<float> addend, Span<float> output, ComputeContext context,
        ProductPrecision precision = ProductPrecision.F32)
    {
        ShapeMismatchException.ThrowUnlessEqual(right.Rows, left.Columns, nameof(right));
        ShapeMismatchException.ThrowUnlessEqual(output.Length, (long)left.Rows * right.Columns, nameof(output));
        if (!addend.IsEmpty)
            ShapeMismatchException.ThrowUnlessEqual(addend.Length, output.Length, nameof(addend));
        if (left.Columns == 0 && addend.IsEmpty)
            output.Clear();
        else if (left.Columns == 0)
            addend.CopyTo(output);
        if (output.Length == 0 || left.Columns == 0)
            return;
        if (precision == ProductPrecision.BF16 && context.Kernels?.FindBFloat16Tile() is { } emitted)
            Multiply(new BFloat16Tile512(emitted), left, right, addend, output, context);
        else if (precision == ProductPrecision.BF16)
            Multiply(new BFloat16Tile256(), left, right, addend, output, context);
        else if (Vector512.IsHardwareAccelerated)
            Multiply(new ProductTile512(), left, right, addend, output, context);
        else
            Multiply(new ProductTile256(), left, right, addend, output, context);
    }

    internal static void Multiply<TTile>(
        TTile tile, MatrixView left, MatrixView right, ReadOnlySpan<float> addend, Span<float> output, ComputeContext context)
        where TTile : struct, IProductTile
    {
        var depthBlock = PanelProduct<TTile>.DepthBlock;
        fixed (float* leftValues = left.Values, rightValues = right.Values, addends = addend, outputs = output)
        {
            var leftMatrix = new StridedMatrix(leftValues, left.RowStride, left.ColumnStride);
            var rightMatrix = new StridedMatrix(rightValues, right.RowStride, right.ColumnStride);
            var mostColumns = (int)(MostPacked / PanelProduct<TTile>.StepBlock);
            for (var column = 0; column < right.Columns; column += mostColumns)
            {
                var columns = Math.Min(mostColumns, right.Columns - column);
                var packedColumns = PanelProduct<TTile>.PackedColumns(columns);
                var mostDepth = (int)Math.Max(1, MostPacked / packedColumns / PanelProduct<TTile>.StepBlock) * depthBlock;
                for (var step = 0; step < left.Columns; step += mostDepth)
                {
                    var depth = Math.Min(mostDepth, left.Columns - step);
                    var panels = (float*)context.RentScratch(
                        (packedColumns * PanelProduct<TTile>.Steps(depth) + PanelPacking.Slack) * sizeof(float));
                    var packing = new PackColumns<TTile>
                    {
                        Right = rightMatrix.From(step, column).Transposed,
                        Columns = columns,
                        Depth = depth,
                        Panels = panels,
                    };
                    context.Team.Run(ref packing, packing.ChunkCount);
                    var product = new MultiplyBlocks<TTile>(left.Rows, columns, 4 * context.Team.WorkerCount)
                    {
                        Panels = new PanelProduct<TTile>(tile),
                        Left = leftMatrix.From(0, step),
                        Right = panels,
                        Depth = depth,
                        Addend = step > 0 ? outputs + column : addends == null ? null : addends + column,
                        Output = outputs + column,
                        Stride = right.Columns,
                    };
                    context.Team.Run(ref product, product.ChunkCount);
                }
            }
        }
    }

    /// <summary>Packs some panels of columns in one block of the inner dimension.</summary>
    private struct PackColumns<TTile> : IChunkedWork
        where TTile : struct, IProductTile
    {
        private const int PanelsPerChunk = 4;

        public StridedMatrix Right;
        public int Columns;
        public int Depth;
        public float* Panels;

        public readonly int ChunkCount => GroupCount * ((Depth + PanelProduct<TTile>.DepthBlock - 1) / PanelProduct<TTile>.DepthBlock);

        private readonly int GroupCount => (Columns + PanelsPerChunk * TTile.Columns - 1) / (PanelsPerChunk * TTile.Columns);

        public readonly void Execute(int chunk)
        {
            var (block, group) = Math.DivRem(chunk, GroupCount);
            var step = block * PanelProduct<TTile>.DepthBlock;
            var depth = Math.Min(PanelProduct<TTile>.DepthBlock, Depth - step);
            var end = Math.Min(Columns, (group + 1) * PanelsPerChunk * TTile.Columns);
            var column = group * PanelsPerChunk * TTile.Columns;
            var panels = Panels + PanelProduct<TTile>.Steps(step) * PanelProduct<TTile>.PackedColumns(Columns)
                + (nint)column * PanelProduct<TTile>.Steps(depth);
            TTile.Pack(Right.From(column, step), end - column, depth, TTile.Columns, panels);
        }
    }

    /// <summary>Multiplies some rows, packed on the thread's own stack, by some packed columns.</summary>
    private struct MultiplyBlocks<TTile> : IChunkedWork
        where TTile : struct, IProductTile
    {
        private readonly int _rows;
        private readonly int _columns;
        private readonly int _rowBlock;
        private readonly int _columnBlock;

        /// <summary>Divides the output so that no thread waits long for the last one; how does not touch the results.</summary>
        public MultiplyBlocks(int rows, int columns, int wantedChunks)
        {
            _rows = rows;
            _columns = columns;
            _rowBlock = Math.Clamp(CeilingTo(Ceiling(rows, wantedChunks), TTile.Rows), TTile.Rows, PanelProduct<TTile>.MostRows);
            var columnChunks = Math.Max(1, wantedChunks / Ceiling(rows, _rowBlock));
            _columnBlock = CeilingTo(Ceiling(columns, columnChunks), TTile.Columns);
        }

        public PanelProduct<TTile> Panels;
        public StridedMatrix Left;
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
            var packed = stackalloc float[_rowBlock * PanelProduct<TTile>.StepBlock + PanelPacking.Slack];
            var (rowChunk, columnChunk) = Math.DivRem(chunk, Ceiling(_columns, _columnBlock));
            var (row, column) = (rowChunk * _rowBlock, columnChunk * _columnBlock);
            var (rows, columns) = (Math.Min(_rowBlock, _rows - row), Math.Min(_columnBlock, _columns - column));
            for (var step = 0; step < Depth; step += depthBlock)
            {
                var depth = Math.Min(depthBlock, Depth - step);
                var left = TTile.LayRows(Left.From(row, step), rows, depth, packed);
                var right = Right + PanelProduct<TTile>.Steps(step) * PanelProduct<TTile>.PackedColumns(_columns)
                    + (nint)column * PanelProduct<TTile>.Steps(depth);
                var offset = row * Stride + column;
                var addend = step > 0 ? Output : Addend;
                Panels.MultiplyPanels(
                    left, rows, right, columns, depth, addend == null ? null : addend + offset, Output + offset, Stride);
            }
        }

        private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;

        private static int CeilingTo(int value, int multiple) => Ceiling(value, multiple) * multiple;
    }
}
