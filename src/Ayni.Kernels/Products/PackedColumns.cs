using System.Diagnostics.CodeAnalysis;

namespace Ayni.Kernels;

/// <summary>
/// The right side of products, packed once for many of them (<see cref="FloatProduct"/>), in memory that is used again for the next. Many
/// threads may multiply by it at once; one packs.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Nothing but memory is owned, which its finalizer frees.")]
public sealed unsafe class PackedColumns
{
    private NativeBuffer? _memory;

    /// <summary>Rows of the matrix: the inner dimension.</summary>
    public int Depth { get; private set; }

    /// <summary>Columns of the matrix.</summary>
    public int Columns { get; private set; }

    /// <summary>To what it was rounded, and what it is multiplied with will be.</summary>
    public ProductPrecision Precision { get; private set; }

    /// <summary>As <see cref="PackColumns{TTile}"/> lays them out.</summary>
    internal float* Panels => (float*)_memory!.Pointer;

    /// <summary>Packs a matrix in place of what was here before.</summary>
    /// <param name="right"><c>[depth, columns]</c>.</param>
    /// <param name="precision">To what it is rounded.</param>
    /// <param name="context">Team, and the machine whose products it is for.</param>
    public void Pack(MatrixView right, ProductPrecision precision, ComputeContext context)
    {
        ArgumentOutOfRangeException.ThrowIfZero(right.Rows, nameof(right));
        (Depth, Columns, Precision) = (right.Rows, right.Columns, precision);
        var work = new PackView { Right = right, Target = this, Context = context };
        ProductTiles.Choose(ref work, precision, context);
    }

    private float* Reserve(long length)
    {
        if (_memory is null || _memory.Bytes < length * sizeof(float))
        {
            _memory?.Dispose();
            _memory = new NativeBuffer(length * sizeof(float));
        }
        return Panels;
    }

    private ref struct PackView : ITileUser
    {
        public MatrixView Right;
        public PackedColumns Target;
        public ComputeContext Context;

        public readonly void Use<TTile>(TTile tile) where TTile : struct, IProductTile
        {
            fixed (float* values = Right.Values)
            {
                var packing = new PackColumns<TTile>
                {
                    Right = new StridedMatrix(values, Right.ColumnStride, Right.RowStride),
                    Columns = Right.Columns,
                    Depth = Right.Rows,
                    Panels = Target.Reserve(PackColumns<TTile>.Length(Right.Columns, Right.Rows)),
                };
                Context.Team.Run(ref packing, packing.ChunkCount);
            }
        }
    }
}
