namespace Ayni.Kernels;

/// <summary>A worker's memory for a tile of attention.</summary>
internal readonly unsafe struct TileMemory
{
    private readonly float* _end;

    /// <summary>Divides memory, of <see cref="BytesOf"/>.</summary>
    /// <param name="shape">The layer's shape.</param>
    /// <param name="rows">Queries in a tile.</param>
    /// <param name="slots">Slots whose scores are kept at a time.</param>
    /// <param name="memory">The first byte.</param>
    public TileMemory(AttentionShape shape, int rows, int slots, float* memory)
    {
        Queries = memory;
        Outputs = Queries + Whole((long)rows * shape.HeadDim);
        Weights = Outputs + Whole((long)rows * shape.ValueWidth);
        Largest = Weights + Whole((long)rows * slots);
        Sums = Largest + Whole(rows);
        Unpacked = Sums + Whole(rows);
        _end = Unpacked + (long)AttentionShape.BlockTokens * shape.ValueWidth;
    }

    /// <summary><c>[rows, headDim]</c>.</summary>
    public float* Queries { get; }

    /// <summary><c>[rows, valueWidth]</c>.</summary>
    public float* Outputs { get; }

    /// <summary>Scores, then weights, <c>[rows, slots]</c>.</summary>
    public float* Weights { get; }

    /// <summary>The largest score so far, <c>[rows]</c>.</summary>
    public float* Largest { get; }

    /// <summary>The sum of weights so far, <c>[rows]</c>.</summary>
    public float* Sums { get; }

    /// <summary>A block's keys, <c>[headDim, 16]</c>, or values, <c>[16, valueWidth]</c>.</summary>
    public float* Unpacked { get; }

    /// <summary>Bytes that a tile needs, whole cache lines.</summary>
    public static long BytesOf(AttentionShape shape, int rows, int slots) => (long)new TileMemory(shape, rows, slots, null)._end;

    private static long Whole(long floats) => (floats + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
}
