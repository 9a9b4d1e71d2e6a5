using System.Runtime.Intrinsics.X86;

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

    /// <summary>The tile that is packed for.</summary>
    public TTile Tile;

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

    /// <summary>Whether the source is in memory and not in a cache: then it is asked for before, in the order in which it lies there.</summary>
    public bool IsFar;

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
        var source = Source.From(first, from - Start);
        if (IsFar)
            AskFor(source, end - first, to - from);
        Tile.Pack(source, end - first, to - from, Width, panels, steps);
    }

    private static void AskFor(StridedMatrix source, int rows, int depth)
    {
        var byRows = source.RowStride == 1;
        var (lines, length) = byRows ? (depth, rows) : (rows, depth);
        for (var line = 0; line < lines && Sse.IsSupported; line++)
        {
            for (var i = 0; i < length; i += NativeBuffer.Alignment / sizeof(float))
                Sse.Prefetch1((byRows ? source.From(i, line) : source.From(line, i)).Values);
        }
    }
}
