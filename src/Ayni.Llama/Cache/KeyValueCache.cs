using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The keys and values of past tokens, in blocks of 16 tokens that any sequence may own, so that memory is not reserved for what a sequence
/// might become. Layers with <see cref="LocalAttention"/> have blocks of their own, whose number does not grow with the context. Owned by the
/// scheduler's thread.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    /// <summary>Tokens in a block.</summary>
    public const int BlockTokens = 16;

    private readonly BlockPool _global;
    private readonly BlockPool _local;
    private readonly (BlockPool Pool, int Layer)[] _layers;
    private readonly int _localBlocksOfOne;

    /// <summary>Reserves memory for as many sequences of full length as fit, at least one; shorter ones fit in greater number.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="contextLength">The longest sequence, in tokens.</param>
    /// <param name="stepTokens">The most tokens that one sequence computes in one step.</param>
    /// <param name="sequences">The most sequences of full length.</param>
    /// <param name="bytes">The memory; more where one sequence needs more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A layer's keys would have 2³¹ values or more.</exception>
    public KeyValueCache(LlamaConfig config, int contextLength, int stepTokens, int sequences = 1, long bytes = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stepTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequences);
        Shape = new AttentionShape(config.HeadCount, config.KeyValueHeadCount, config.HeadDim, BlockTokens);
        var isLocal = Enumerable.Range(0, config.LayerCount).Select(config.IsLocal).ToArray();
        var localLayers = isLocal.Count(local => local);
        var globalBlocksOfOne = BlocksOf(contextLength);
        // What is attended to may begin and end within a block.
        _localBlocksOfOne = config.LocalAttention is { } local
            ? (int)Math.Min(globalBlocksOfOne, ((long)local.Size + stepTokens) / BlockTokens + 2)
            : 0;

        var layerBlockBytes = 2L * Shape.BlockLength * sizeof(float);
        var bytesOfOne = layerBlockBytes * ((long)globalBlocksOfOne * (config.LayerCount - localLayers) + (long)_localBlocksOfOne * localLayers);
        var fitting = Math.Clamp((double)bytes / bytesOfOne, 1, sequences);
        _global = new BlockPool(config.LayerCount - localLayers, Blocks(fitting * globalBlocksOfOne), Shape.BlockLength);
        _local = new BlockPool(localLayers, Blocks(fitting * _localBlocksOfOne), Shape.BlockLength);
        _layers = new (BlockPool, int)[config.LayerCount];
        var (globals, locals) = (0, 0);
        for (var layer = 0; layer < _layers.Length; layer++)
            _layers[layer] = isLocal[layer] ? (_local, locals++) : (_global, globals++);
    }

    /// <summary>All blocks of layers that attend to everything.</summary>
    public int BlockCount => _global.BlockCount;

    /// <summary>Those of <see cref="BlockCount"/> that no sequence owns.</summary>
    public int FreeBlockCount => _global.FreeCount;

    /// <summary>All blocks of layers with local attention.</summary>
    public int LocalBlockCount => _local.BlockCount;

    /// <summary>Those of <see cref="LocalBlockCount"/> that no sequence owns.</summary>
    public int FreeLocalBlockCount => _local.FreeCount;

    /// <summary>The shape that attention reads the cache with.</summary>
    public AttentionShape Shape { get; }

    /// <summary>A layer's keys, <c>[blocks, keyValueHeads, 16, headDim]</c>.</summary>
    internal Span<float> Keys(int layer) => _layers[layer].Pool.Keys(_layers[layer].Layer);

    /// <summary>A layer's values, shaped as its keys.</summary>
    internal Span<float> Values(int layer) => _layers[layer].Pool.Values(_layers[layer].Layer);

    /// <summary>Gives a sequence the blocks it needs for <paramref name="length"/> tokens; false, changing nothing, if too few are free.</summary>
    public bool TryGrow(SequenceBlocks blocks, int length)
    {
        var global = Math.Max(0, BlocksOf(length) - blocks.Global.Count);
        var local = Math.Max(0, Math.Min(BlocksOf(length), _localBlocksOfOne) - blocks.Local.Count);
        if (global > _global.FreeCount || local > _local.FreeCount)
            return false;
        _global.Take(blocks.Global, global);
        _local.Take(blocks.Local, local);
        return true;
    }

    /// <summary>Takes back all blocks of a sequence.</summary>
    public void Release(SequenceBlocks blocks)
    {
        _global.GiveBack(blocks.Global);
        _local.GiveBack(blocks.Local);
        blocks.Clear();
    }

    /// <summary>Stores one token's keys and values.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="block">The block of the token's slot.</param>
    /// <param name="row">The slot within the block, in <c>[0, 16)</c>.</param>
    /// <param name="keys"><c>[keyValueHeads, headDim]</c>, rotated.</param>
    /// <param name="values"><c>[keyValueHeads, headDim]</c>.</param>
    internal void Write(int layer, int block, int row, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        var headDim = Shape.HeadDim;
        for (var head = 0; head < Shape.KeyValueHeadCount; head++)
        {
            var offset = block * Shape.BlockLength + (head * BlockTokens + row) * headDim;
            keys.Slice(head * headDim, headDim).CopyTo(Keys(layer)[offset..]);
            values.Slice(head * headDim, headDim).CopyTo(Values(layer)[offset..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _global.Dispose();
        _local.Dispose();
    }

    private static int BlocksOf(int tokens) => (int)(((long)tokens + BlockTokens - 1) / BlockTokens);

    private static int Blocks(double count) => (int)Math.Min(int.MaxValue, count);
}
