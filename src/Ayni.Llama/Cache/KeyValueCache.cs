using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The keys and values of past tokens, in blocks of 16 tokens that any sequence may own, so that memory is not reserved for what a sequence
/// might become. Owned by the scheduler's thread.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    /// <summary>Tokens in a block.</summary>
    public const int BlockTokens = 16;

    private readonly NativeBuffer[] _keys;
    private readonly NativeBuffer[] _values;
    private readonly Stack<int> _free;
    private readonly int _poolLength;

    /// <summary>Reserves the memory of a cache.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="blockCount">Blocks of 16 tokens, at least 1; a layer's keys have at most 2³¹ values.</param>
    public KeyValueCache(LlamaConfig config, int blockCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockCount);
        Shape = new AttentionShape(config.HeadCount, config.KeyValueHeadCount, config.HeadDim, BlockTokens);
        if ((long)blockCount * Shape.BlockLength > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(blockCount), blockCount, $"A layer's cache may have {int.MaxValue / Shape.BlockLength} blocks; ask for a shorter context or less cache.");
        }
        _poolLength = blockCount * Shape.BlockLength;
        _keys = [.. Enumerable.Range(0, config.LayerCount).Select(_ => new NativeBuffer((long)_poolLength * sizeof(float)))];
        _values = [.. Enumerable.Range(0, config.LayerCount).Select(_ => new NativeBuffer((long)_poolLength * sizeof(float)))];
        BlockCount = blockCount;
        _free = new Stack<int>(Enumerable.Range(0, blockCount).Reverse());
    }

    /// <summary>All blocks.</summary>
    public int BlockCount { get; }

    /// <summary>Blocks no sequence owns.</summary>
    public int FreeBlockCount => _free.Count;

    /// <summary>The shape that attention reads the cache with.</summary>
    public AttentionShape Shape { get; }

    /// <summary>A layer's keys, <c>[blocks, keyValueHeads, 16, headDim]</c>.</summary>
    internal Span<float> Keys(int layer) => _keys[layer].Span<float>(0, _poolLength);

    /// <summary>A layer's values, shaped as its keys.</summary>
    internal Span<float> Values(int layer) => _values[layer].Span<float>(0, _poolLength);

    /// <summary>Gives a sequence the blocks it needs for <paramref name="length"/> tokens; false, changing nothing, if too few are free.</summary>
    public bool TryGrow(List<int> blocks, int length)
    {
        var needed = (length + BlockTokens - 1) / BlockTokens - blocks.Count;
        if (needed > _free.Count)
            return false;
        for (var i = 0; i < needed; i++)
            blocks.Add(_free.Pop());
        return true;
    }

    /// <summary>Takes back all blocks of a sequence.</summary>
    public void Release(List<int> blocks)
    {
        foreach (var block in blocks)
            _free.Push(block);
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
        foreach (var buffer in (NativeBuffer[])[.. _keys, .. _values])
            buffer.Dispose();
    }
}
