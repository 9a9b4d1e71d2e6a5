namespace Ayni.Kernels;

/// <summary>
/// The keys and values of one layer in numbered blocks of 16 tokens, in one cache type. Tokens of different sequences lie in different
/// blocks or slots; which, the caller knows. Used by one thread at a time, which may share the work with its team.
/// </summary>
public abstract unsafe class KeyValueBlocks : IDisposable
{
    private readonly NativeBuffer _keys;
    private readonly NativeBuffer _values;

    private protected KeyValueBlocks(AttentionShape shape, CacheType type, int blockCount, int keyBytes, int valueBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blockCount);
        (Shape, Type, BlockCount, KeyBytes, ValueBytes) = (shape, type, blockCount, keyBytes, valueBytes);
        _keys = new NativeBuffer((long)blockCount * shape.KeyValueHeadCount * keyBytes);
        _values = new NativeBuffer((long)blockCount * shape.KeyValueHeadCount * valueBytes);
    }

    /// <summary>The layer's shape.</summary>
    public AttentionShape Shape { get; }

    /// <summary>The cache type.</summary>
    public CacheType Type { get; }

    /// <summary>Blocks.</summary>
    public int BlockCount { get; }

    /// <summary>Bytes of one head's keys in a block.</summary>
    private protected int KeyBytes { get; }

    /// <summary>Bytes of one head's values in a block.</summary>
    private protected int ValueBytes { get; }

    /// <summary>Reserves memory, which the system hands out as it is written.</summary>
    /// <param name="shape">The layer's shape.</param>
    /// <param name="type">The cache type.</param>
    /// <param name="blockCount">Blocks of 16 tokens.</param>
    /// <exception cref="UnsupportedCacheTypeException">The type does not take heads of this length.</exception>
    public static KeyValueBlocks Create(AttentionShape shape, CacheType type, int blockCount) => type switch
    {
        CacheType.F32 => new KeyValueBlocks<SingleCache>(shape, type, blockCount),
        CacheType.F16 => new KeyValueBlocks<SixteenBitCache<Float16>>(shape, type, blockCount),
        CacheType.BF16 => new KeyValueBlocks<SixteenBitCache<BFloat16>>(shape, type, blockCount),
        CacheType.Q8_0 => new KeyValueBlocks<Q80Cache>(shape, type, blockCount),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such cache type."),
    };

    /// <summary>Bytes of a block, keys and values together.</summary>
    /// <exception cref="UnsupportedCacheTypeException">The type does not take heads of this length.</exception>
    public static long BytesOf(AttentionShape shape, CacheType type)
    {
        using var none = Create(shape, type, 0);
        return (long)shape.KeyValueHeadCount * (none.KeyBytes + none.ValueBytes);
    }

    /// <summary>Stores tokens' keys and values, rounded to the cache type.</summary>
    /// <param name="blocks">The block of each token, <c>[tokens]</c>.</param>
    /// <param name="slots">The slot of each token in its block, in <c>[0, 16)</c>, <c>[tokens]</c>. No two tokens have the same
    /// place.</param>
    /// <param name="keys"><c>[tokens, keyValueHeads, headDim]</c>, rotated.</param>
    /// <param name="values"><c>[tokens, keyValueHeads, headDim]</c>.</param>
    /// <param name="context">The team.</param>
    public void Write(
        ReadOnlySpan<int> blocks, ReadOnlySpan<int> slots, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(slots.Length, blocks.Length, nameof(slots));
        ShapeMismatchException.ThrowUnlessEqual(keys.Length, (long)blocks.Length * Shape.KeyValueHeadCount * Shape.HeadDim, nameof(keys));
        ShapeMismatchException.ThrowUnlessEqual(values.Length, keys.Length, nameof(values));
        foreach (var block in blocks)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)BlockCount, nameof(blocks));
        foreach (var slot in slots)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)AttentionShape.BlockTokens, nameof(slots));
        WriteHeads(blocks, slots, keys, values, context);
    }

    /// <summary>Copies a block's keys and values.</summary>
    public void Copy(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)from, (uint)BlockCount, nameof(from));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)to, (uint)BlockCount, nameof(to));
        var (keyBytes, valueBytes) = ((long)Shape.KeyValueHeadCount * KeyBytes, (long)Shape.KeyValueHeadCount * ValueBytes);
        Buffer.MemoryCopy(Key(from, 0), Key(to, 0), keyBytes, keyBytes);
        Buffer.MemoryCopy(Value(from, 0), Value(to, 0), valueBytes, valueBytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The keys of one head in a block.</summary>
    internal byte* Key(int block, int head) => _keys.Pointer + ((long)block * Shape.KeyValueHeadCount + head) * KeyBytes;

    /// <summary>The values of one head in a block.</summary>
    internal byte* Value(int block, int head) => _values.Pointer + ((long)block * Shape.KeyValueHeadCount + head) * ValueBytes;

    /// <summary>Attends, with operands that were checked: see <see cref="Attention.Apply"/>.</summary>
    internal abstract void Attend(
        ReadOnlySpan<float> query, ReadOnlySpan<int> blockTable, ReadOnlySpan<AttentionSpan> spans, Span<float> output, ComputeContext context);

    private protected abstract void WriteHeads(
        ReadOnlySpan<int> blocks, ReadOnlySpan<int> slots, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, ComputeContext context);
}

/// <summary>Blocks in one format.</summary>
internal sealed unsafe class KeyValueBlocks<TFormat>(AttentionShape shape, CacheType type, int blockCount)
    : KeyValueBlocks(shape, type, blockCount, TFormat.BytesOf(Checked(shape, type)), TFormat.BytesOf(shape.ValueWidth))
    where TFormat : struct, ICacheFormat
{
    internal override void Attend(
        ReadOnlySpan<float> query, ReadOnlySpan<int> blockTable, ReadOnlySpan<AttentionSpan> spans, Span<float> output, ComputeContext context)
    {
        if (context.Tier == KernelTier.Scalar)
            AttentionReference<TFormat>.Attend(this, query, blockTable, spans, output, context);
        else
            TiledAttention<TFormat>.Attend(this, query, blockTable, spans, output, context);
    }

    private protected override void WriteHeads(
        ReadOnlySpan<int> blocks, ReadOnlySpan<int> slots, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, ComputeContext context)
    {
        var work = new WriteHead { Cache = this, Blocks = blocks, Slots = slots, Keys = keys, Values = values };
        context.Team.Run(ref work, Shape.KeyValueHeadCount);
    }

    private static int Checked(AttentionShape shape, CacheType type) =>
        TFormat.Fits(shape.HeadDim) ? shape.HeadDim : throw new UnsupportedCacheTypeException(type, shape.HeadDim);

    /// <summary>A head a chunk: neighbouring slots share cache lines, heads don't.</summary>
    private ref struct WriteHead : IChunkedWork
    {
        public KeyValueBlocks<TFormat> Cache;
        public ReadOnlySpan<int> Blocks;
        public ReadOnlySpan<int> Slots;
        public ReadOnlySpan<float> Keys;
        public ReadOnlySpan<float> Values;

        public readonly void Execute(int head)
        {
            var shape = Cache.Shape;
            fixed (float* keys = Keys, values = Values)
            {
                for (var token = 0; token < Blocks.Length; token++)
                {
                    var offset = ((long)token * shape.KeyValueHeadCount + head) * shape.HeadDim;
                    TFormat.WriteKey(keys + offset, shape.HeadDim, Cache.Key(Blocks[token], head), Slots[token]);
                    TFormat.WriteValue(values + offset, shape.HeadDim, shape.ValueWidth, Cache.Value(Blocks[token], head), Slots[token]);
                }
            }
        }
    }
}
