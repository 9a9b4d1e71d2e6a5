using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Cache blocks for some of a model's layers. A block is free, or owned by one or more sequences, or kept: owned by none, but full and
/// found by its hash until its room is needed, those not used for longest first.
/// </summary>
internal sealed class BlockPool : IDisposable
{
    private const int None = -1;

    private readonly KeyValueBlocks[] _layers;
    private readonly int[] _owners;
    private readonly BlockHash?[] _hashes;
    private readonly Dictionary<BlockHash, int> _byHash;
    private readonly Stack<int> _free;

    // The kept blocks, least recently used first, as a list within arrays; its two ends are at the last index.
    private readonly int[] _previous;
    private readonly int[] _next;

    /// <summary>Reserves the memory.</summary>
    /// <param name="layers">Layers that share the blocks' numbers.</param>
    /// <param name="blockCount">Blocks.</param>
    /// <param name="shape">The shape of each layer.</param>
    /// <param name="type">How keys and values are stored.</param>
    public BlockPool(int layers, int blockCount, AttentionShape shape, CacheType type)
    {
        if ((long)blockCount * shape.BlockLength > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(blockCount), blockCount, $"A layer's cache may have {int.MaxValue / shape.BlockLength} blocks; ask for a shorter context or less cache.");
        }
        _layers = [.. Enumerable.Range(0, layers).Select(_ => KeyValueBlocks.Create(shape, type, blockCount))];
        _free = new Stack<int>(Enumerable.Range(0, blockCount).Reverse());
        _owners = new int[blockCount];
        _byHash = new Dictionary<BlockHash, int>(blockCount);
        _hashes = new BlockHash?[blockCount];
        _previous = new int[blockCount + 1];
        _next = new int[blockCount + 1];
        _previous[blockCount] = _next[blockCount] = blockCount;
        BlockCount = blockCount;
    }

    public int BlockCount { get; }

    /// <summary>Blocks that no sequence owns, those kept included.</summary>
    public int FreeCount => _free.Count + KeptCount;

    /// <summary>Blocks that no sequence owns and a later one may find.</summary>
    public int KeptCount { get; private set; }

    public KeyValueBlocks Layer(int layer) => _layers[layer];

    public bool Has(BlockHash hash) => _byHash.ContainsKey(hash);

    /// <summary>One more owner for the block of a hash that is there.</summary>
    public int Find(BlockHash hash)
    {
        var block = _byHash[hash];
        Share(block);
        return block;
    }

    /// <summary>One more owner for a block.</summary>
    public void Share(int block)
    {
        if (_owners[block]++ == 0)
            Unlink(block);
    }

    public bool IsShared(int block) => _owners[block] > 1;

    /// <summary>A block for one owner. There must be one in <see cref="FreeCount"/>.</summary>
    public int Take()
    {
        if (!_free.TryPop(out var block))
        {
            block = _next[BlockCount];
            if (block == BlockCount)
                throw new InvalidOperationException("No cache block is free.");
            Unlink(block);
            Forget(block);
        }
        _owners[block] = 1;
        return block;
    }

    /// <summary>Takes an owner from a block.</summary>
    public void Release(int block)
    {
        if (--_owners[block] > 0)
            return;
        if (_hashes[block] is null)
            _free.Push(block);
        else
            Link(block);
    }

    /// <summary>Lets a full block be found by its hash, unless another is already.</summary>
    public void Publish(int block, BlockHash hash)
    {
        if (_hashes[block] is null && _byHash.TryAdd(hash, block))
            _hashes[block] = hash;
    }

    /// <summary>Copies a block's keys and values, of all layers.</summary>
    public void Copy(int from, int to)
    {
        foreach (var layer in _layers)
            layer.Copy(from, to);
    }

    public void Dispose()
    {
        foreach (var layer in _layers)
            layer.Dispose();
    }

    private void Forget(int block)
    {
        if (_hashes[block] is { } hash)
            _byHash.Remove(hash);
        _hashes[block] = null;
    }

    private void Link(int block)
    {
        var last = _previous[BlockCount];
        (_previous[block], _next[block]) = (last, BlockCount);
        _next[last] = _previous[BlockCount] = block;
        KeptCount++;
    }

    private void Unlink(int block)
    {
        _next[_previous[block]] = _next[block];
        _previous[_next[block]] = _previous[block];
        (_previous[block], _next[block]) = (None, None);
        KeptCount--;
    }
}
