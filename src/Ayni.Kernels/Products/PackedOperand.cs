using System.Diagnostics.CodeAnalysis;

namespace Ayni.Kernels;

/// <summary>
/// One side of products, packed once for many of them (<see cref="FloatProduct"/>), at once or in parts of the inner dimension, in memory
/// that is used again for the next. Many threads may multiply by it, or pack parts of it, at once.
/// </summary>
/// <param name="side">The side.</param>
[SuppressMessage("Design", "CA1001", Justification = "Nothing but memory is owned, which its finalizer frees.")]
public sealed unsafe class PackedOperand(OperandSide side)
{
    /// <summary>
    /// Values of the inner dimension of which every precision adds up a whole number of times what it sums at once: products of operands
    /// that are cut at multiples of it give, one added after the other, the same bits as one product.
    /// </summary>
    public const int DepthUnit = 2 * PanelProduct<ProductTile512>.StepBlock;

    private NativeBuffer? _memory;

    /// <summary>The side.</summary>
    public OperandSide Side => side;

    /// <summary>The inner dimension.</summary>
    public int Depth { get; private set; }

    /// <summary>Rows of a left side, columns of a right one.</summary>
    public int Count { get; private set; }

    /// <summary>To what it is rounded, and what it is multiplied with will be.</summary>
    public ProductPrecision Precision { get; private set; }

    /// <summary>As <see cref="PackPanels{TTile}"/> lays them out.</summary>
    internal float* Panels => (float*)_memory!.Pointer;

    /// <summary>Makes room for an operand in place of what was here before; all of its parts are to be packed then.</summary>
    /// <param name="depth">The inner dimension, at least 1.</param>
    /// <param name="count">Rows of a left side, columns of a right one.</param>
    /// <param name="precision">To what it is rounded.</param>
    /// <param name="context">The machine whose products it is for.</param>
    public void Reserve(int depth, int count, ProductPrecision precision, ComputeContext context)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        (Depth, Count, Precision) = (depth, count, precision);
        var work = new MakeRoom { Target = this };
        ProductTiles.Choose(ref work, precision, context);
    }

    /// <summary>Packs a part.</summary>
    /// <param name="start">Where it begins in the inner dimension; even.</param>
    /// <param name="part"><c>[depth of the part, rows or columns]</c>; of an even depth unless it is the last one, and of a left side as
    /// it lies in memory.</param>
    /// <param name="context">Team.</param>
    public void Pack(int start, MatrixView part, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(part.Columns, Count, nameof(part));
        CheckPart(start, part.Rows);
        // Narrow panels from transposed values are written a little beyond their ends, where another thread may be.
        if (side == OperandSide.Left && part.ColumnStride != 1)
            throw new ArgumentException("A left side is not packed from a transposed view.", nameof(part));
        if (part.Rows == 0)
            return;
        var work = new PackPart { Part = part, Start = start, Target = this, Context = context };
        ProductTiles.Choose(ref work, Precision, context);
    }

    /// <summary>Packs a whole operand in place of what was here before.</summary>
    /// <param name="whole"><c>[depth, rows or columns]</c>.</param>
    /// <param name="precision">To what it is rounded.</param>
    /// <param name="context">Team, and the machine whose products it is for.</param>
    public void Pack(MatrixView whole, ProductPrecision precision, ComputeContext context)
    {
        Reserve(whole.Rows, whole.Columns, precision, context);
        Pack(0, whole, context);
    }

    /// <summary>Throws unless a part of the inner dimension may be packed for itself.</summary>
    internal void CheckPart(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, Depth, nameof(count));
        if (start % 2 != 0 || (count % 2 != 0 && start + count < Depth))
            throw new ArgumentException("Parts begin and end between pairs.", nameof(start));
    }

    /// <summary>
    /// Where a place of the inner dimension, between steps, lies in the panels: the floats before it in the first panel of its block, the
    /// floats from one of the block's panels to the next, and what is left of the inner dimension in the block.
    /// </summary>
    internal (nint Place, nint PanelStride, int Depth) Find<TTile>(int start) where TTile : struct, IProductTile
    {
        var blockStart = start / PanelProduct<TTile>.DepthBlock * PanelProduct<TTile>.DepthBlock;
        var depth = Math.Min(PanelProduct<TTile>.DepthBlock, Depth - blockStart);
        nint width = Width<TTile>();
        var place = (nint)(PanelProduct<TTile>.Steps(blockStart) * PanelProduct<TTile>.Padded(Count, (int)width))
            + PanelProduct<TTile>.Steps(start - blockStart) * width;
        return (place, PanelProduct<TTile>.Steps(depth) * width, blockStart + depth - start);
    }

    private int Width<TTile>() where TTile : struct, IProductTile => side == OperandSide.Left ? TTile.Rows : TTile.Columns;

    private ref struct MakeRoom : ITileUser
    {
        public PackedOperand Target;

        public readonly void Use<TTile>(TTile tile) where TTile : struct, IProductTile
        {
            var bytes = PackPanels<TTile>.Length(Target.Count, Target.Width<TTile>(), Target.Depth) * sizeof(float);
            if (Target._memory is { } memory && memory.Bytes >= bytes)
                return;
            Target._memory?.Dispose();
            Target._memory = new NativeBuffer(bytes);
        }
    }

    private ref struct PackPart : ITileUser
    {
        public MatrixView Part;
        public int Start;
        public PackedOperand Target;
        public ComputeContext Context;

        public readonly void Use<TTile>(TTile tile) where TTile : struct, IProductTile
        {
            fixed (float* values = Part.Values)
            {
                var packing = new PackPanels<TTile>
                {
                    Tile = tile,
                    Source = new StridedMatrix(values, Part.ColumnStride, Part.RowStride),
                    Count = Target.Count,
                    Width = Target.Width<TTile>(),
                    Start = Start,
                    Depth = Part.Rows,
                    WholeDepth = Target.Depth,
                    Panels = Target.Panels,
                    // Parts are packed where they are made.
                    IsFar = Part.Rows == Target.Depth,
                };
                Context.Team.Run(ref packing, packing.ChunkCount);
            }
        }
    }
}
