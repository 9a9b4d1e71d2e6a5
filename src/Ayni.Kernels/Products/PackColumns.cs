namespace Ayni.Kernels;

/// <summary>
/// Packs the right side of products, divided among threads: <c>[depth blocks, panels, steps, TTile.Columns]</c>, the blocks as
/// <see cref="PanelProduct{TTile}.DepthBlock"/> cuts the inner dimension.
/// </summary>
internal unsafe struct PackColumns<TTile> : IChunkedWork
    where TTile : struct, IProductTile
{
    private const int PanelsPerChunk = 4;

    /// <summary><c>[columns, depth]</c>.</summary>
    public StridedMatrix Right;
    public int Columns;
    public int Depth;
    public float* Panels;

    public readonly int ChunkCount => GroupCount * ((Depth + PanelProduct<TTile>.DepthBlock - 1) / PanelProduct<TTile>.DepthBlock);

    private readonly int GroupCount => (Columns + PanelsPerChunk * TTile.Columns - 1) / (PanelsPerChunk * TTile.Columns);

    /// <summary>Floats that so many columns take.</summary>
    public static long Length(int columns, int depth) =>
        PanelProduct<TTile>.PackedColumns(columns) * PanelProduct<TTile>.Steps(depth) + PanelPacking.Slack;

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
