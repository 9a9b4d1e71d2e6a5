using System.Buffers.Binary;

namespace Ayni.Kernels;

/// <summary>
/// Looks for blocks of quantized weights whose scale is not a finite number: one such block makes every result that it touches not a
/// number. Only the scales are read.
/// </summary>
public static class BlockScales
{
    // Bytes looked at in one go: enough that handing them out costs nothing.
    private const long ChunkBytes = 1 << 20;

    /// <summary>
    /// The number of the first block with a scale or offset that is not finite, or -1. Other types than quantized ones have no scales.
    /// </summary>
    /// <param name="data">Whole blocks, one after another.</param>
    /// <param name="type">Their type.</param>
    /// <param name="context">The threads that look.</param>
    public static long FindNotFinite(TensorData data, TensorType type, ComputeContext context)
    {
        if (Layout(type) is not { } layout)
            return -1;
        var blockBytes = TensorTypes.FormatOf(type).Bytes;
        var work = new Search { Data = data, Layout = layout, BlockBytes = blockBytes, ChunkBlocks = ChunkBytes / blockBytes, First = [long.MaxValue] };
        context.Team.Run(ref work, checked((int)((data.Bytes / blockBytes + work.ChunkBlocks - 1) / work.ChunkBlocks)));
        return work.First[0] == long.MaxValue ? -1 : work.First[0];
    }

    /// <summary>
    /// Where a block's scale is, in bytes, and how many F16 numbers are there; none for MXFP4, whose scale is an exponent of one byte.
    /// </summary>
    private static (int Offset, int Halves)? Layout(TensorType type) => type switch
    {
        TensorType.Q4_0 or TensorType.Q5_0 or TensorType.Q8_0 or TensorType.IQ4_NL or TensorType.IQ4_XS => (0, 1),
        TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q4_K or TensorType.Q5_K => (0, 2),
        TensorType.Q2_K => (80, 2),
        TensorType.Q3_K => (108, 1),
        TensorType.Q6_K => (208, 1),
        TensorType.TQ1_0 => (52, 1),
        TensorType.TQ2_0 => (64, 1),
        TensorType.MXFP4 => (0, 0),
        _ => null,
    };

    private struct Search : IChunkedWork
    {
        public TensorData Data;
        public (int Offset, int Halves) Layout;
        public int BlockBytes;
        public long ChunkBlocks;
        public long[] First;

        public readonly void Execute(int chunk)
        {
            var first = chunk * ChunkBlocks;
            var count = (int)Math.Min(ChunkBlocks, Data.Bytes / BlockBytes - first);
            var blocks = Data.Span(first * BlockBytes, count * BlockBytes);
            for (var block = 0; block < count; block++)
            {
                if (IsFinite(blocks[(block * BlockBytes + Layout.Offset)..]))
                    continue;
                // The smallest of what the threads find.
                for (var known = Volatile.Read(ref First[0]); first + block < known;)
                    known = Interlocked.CompareExchange(ref First[0], first + block, known) is var seen && seen == known ? long.MinValue : seen;
                return;
            }
        }

        private readonly bool IsFinite(ReadOnlySpan<byte> scale) => Layout.Halves switch
        {
            0 => scale[0] != 0xFF,
            1 => IsFiniteHalf(scale),
            _ => IsFiniteHalf(scale) && IsFiniteHalf(scale[2..]),
        };

        private static bool IsFiniteHalf(ReadOnlySpan<byte> half) => (BinaryPrimitives.ReadUInt16LittleEndian(half) & 0x7C00) != 0x7C00;
    }
}
