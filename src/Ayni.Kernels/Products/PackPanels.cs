namespace Ayni.Kernels;

/// <summary>
/// Packs one side of products, or some of its inner dimension, divided among threads: <c>[depth blocks, panels, steps, Width]</c>, the
/// blocks as <see cref="PanelProduct{TTile}.DepthBlock"/> cuts the inner dimension.
/// </summary>
internal unsafe struct PackPanels<TTile> : IChunkedWork
    where TTile : struct, IProductTile
{
    // Rows or columns that share cache lines of the source.
    private const int ChunkWidth = 128;

    /// <summary>Rows of the left side or columns of the right one, and what is packed of their depth.</summary>
    public StridedMatrix Source;

    /// <summary>Rows or columns.</summary>
    public int Count;

    /// <summary>Rows or columns of a panel: the tile's.</summary>
    public int Width;

    /// <summary>Where the source's depth begins in the whole; a multiple of <see cref="IProductTile.StepValues"/>.</summary>
    public int Start;

    /// <summary>How much of the depth is packed.</summary>
    public int Depth;

    /// <summary>The depth of the whole.</summary>
    public int WholeDepth;

    public float* Panels;

    public readonly int ChunkCount => GroupCount * ((Start + Depth - 1) / DepthBlock - Start / DepthBlock + 1);

    private static int DepthBlock => PanelProduct<TTile>.DepthBlock;

    private readonly int GroupWidth => ChunkWidth / Width * Width;

    private readonly int GroupCount => (Count + GroupWidth - 1) / GroupWidth;

    /// <summary>Floats that so many rows or columns take.</summary>
    public static long Length(int count, int width, int depth) =>
        PanelProduct<TTile>.Padded(count, width) * PanelProduct<TTile>.Steps(depth) + PanelPacking.Slack;

    public readonly void Execute(int chunk)
    {
        var (block, group) = Math.DivRem(chunk, GroupCount);
        var blockStart = (Start / DepthBlock + block) * DepthBlock;
        var (from, to) = (Math.Max(Start, blockStart), Math.Min(Start + Depth, blockStart + DepthBlock));
        var steps = PanelProduct<TTile>.Steps(Math.Min(DepthBlock, WholeDepth - blockStart));
        var (first, end) = (group * GroupWidth, Math.Min(Count, (group + 1) * GroupWidth));
        var panels = Panels + PanelProduct<TTile>.Steps(blockStart) * PanelProduct<TTile>.Padded(Count, Width)
            + (nint)first * steps + (nint)PanelProduct<TTile>.Steps(from - blockStart) * Width;
        TTile.Pack(Source.From(first, from - Start), end - first, to - from, Width, panels, steps);
    }
}
