using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The keys and values of past tokens, in blocks of 16 tokens (Kwon et al. 2023, arXiv:2309.06180): memory is not reserved for what a
/// sequence might become, and sequences that begin alike share the blocks of their beginning. Layers with <see cref="LocalAttention"/> have
/// blocks of their own, whose number does not grow with the context. Owned by one thread.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    /// <summary>Tokens in a block.</summary>
    public const int BlockTokens = AttentionShape.BlockTokens;

    private readonly LlamaConfig _config;
    private readonly int _localBlocksOfOne;
    private readonly long _layerBlockBytes;
    private readonly BlockPool _global;
    private readonly BlockPool _local;
    private readonly (BlockPool Pool, int Layer)[] _layers;

    /// <summary>Reserves memory for as many sequences of full length as fit, at least one; shorter ones fit in greater number.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="contextLength">The longest sequence, in tokens.</param>
    /// <param name="stepTokens">The most tokens that one sequence computes in one step.</param>
    /// <param name="sequences">The most sequences of full length.</param>
    /// <param name="bytes">The memory; more where one sequence needs more.</param>
    /// <param name="type">How keys and values are stored.</param>
    /// <exception cref="ArgumentOutOfRangeException">A layer's keys would have 2³¹ values or more.</exception>
    /// <exception cref="UnsupportedCacheTypeException">The type does not take the model's heads.</exception>
    public KeyValueCache(
        LlamaConfig config, int contextLength, int stepTokens, int sequences = 1, long bytes = 0, CacheType type = CacheType.F32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stepTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequences);
        _config = config;
        var shape = new AttentionShape(config.HeadCount, config.KeyValueHeadCount, config.HeadDim);
        var isLocal = Enumerable.Range(0, config.LayerCount).Select(config.IsLocal).ToArray();
        var localLayers = isLocal.Count(local => local);
        var globalBlocksOfOne = BlocksOf(contextLength);
        // What is attended to may begin and end within a block.
        _localBlocksOfOne = config.LocalAttention is { } local
            ? (int)Math.Min(globalBlocksOfOne, ((long)local.Size + stepTokens) / BlockTokens + 2)
            : 0;

        _layerBlockBytes = KeyValueBlocks.BytesOf(shape, type);
        var bytesOfOne = _layerBlockBytes * ((long)globalBlocksOfOne * (config.LayerCount - localLayers) + (long)_localBlocksOfOne * localLayers);
        var fitting = Math.Clamp((double)bytes / bytesOfOne, 1, sequences);
        _global = new BlockPool(config.LayerCount - localLayers, Blocks(fitting * globalBlocksOfOne), shape, type);
        _local = new BlockPool(localLayers, Blocks(fitting * _localBlocksOfOne), shape, type);
        _layers = new (BlockPool, int)[config.LayerCount];
        var (globals, locals) = (0, 0);
        for (var layer = 0; layer < _layers.Length; layer++)
            _layers[layer] = isLocal[layer] ? (_local, locals++) : (_global, globals++);
    }

    /// <summary>All blocks of layers that attend to everything.</summary>
    public int BlockCount => _global.BlockCount;

    /// <summary>Those of <see cref="BlockCount"/> that no sequence owns; some may hold what a later sequence finds again.</summary>
    public int FreeBlockCount => _global.FreeCount;

    /// <summary>All blocks of layers with local attention.</summary>
    public int LocalBlockCount => _local.BlockCount;

    /// <summary>Those of <see cref="LocalBlockCount"/> that no sequence owns.</summary>
    public int FreeLocalBlockCount => _local.FreeCount;

    /// <summary>Bytes of keys and values that a token in a slot of a sequence attends to.</summary>
    public long BytesReadAt(int slot)
    {
        var bytes = 0L;
        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            var first = _config.IsLocal(layer) ? _config.LocalAttention!.Value.First(slot) : 0;
            bytes += (slot + 1 - first) * _layerBlockBytes / BlockTokens;
        }
        return bytes;
    }

    /// <summary>A layer's keys and values.</summary>
    internal KeyValueBlocks Layer(int layer) => _layers[layer].Pool.Layer(_layers[layer].Layer);

    /// <summary>
    /// Gives a sequence without blocks those of the longest beginning of its tokens that is in the cache: whole blocks, and never all
    /// tokens, since the last one's logits are wanted.
    /// </summary>
    /// <returns>The tokens found.</returns>
    public int Find(SequenceBlocks blocks, ReadOnlySpan<int> tokens)
    {
        var most = (tokens.Length - 1) / BlockTokens;
        // Local blocks need not be there from the start, but without a gap from the first that the next token attends to.
        var (found, gapEnd) = (0, 0);
        for (var block = 0; block < most && _global.Has(HashOf(blocks, block, tokens)); block++)
        {
            if (_local.BlockCount > 0 && !_local.Has(blocks.Hashes[block + 1]))
                gapEnd = block + 1;
            if (_local.BlockCount == 0 || gapEnd <= FirstLocalBlock((block + 1) * BlockTokens))
                found = block + 1;
        }
        blocks.FirstLocal = _local.BlockCount == 0 ? 0 : FirstLocalBlock(found * BlockTokens);
        for (var block = 0; block < found; block++)
            blocks.Global.Add(_global.Find(blocks.Hashes[block + 1]));
        for (var block = blocks.FirstLocal; block < found && _local.BlockCount > 0; block++)
            blocks.Local.Add(_local.Find(blocks.Hashes[block + 1]));
        return found * BlockTokens;
    }

    /// <summary>Lets other sequences find what a sequence has in its full blocks.</summary>
    /// <param name="blocks">The sequence's.</param>
    /// <param name="tokens">Its tokens whose keys and values are computed, from the first one on.</param>
    public void Publish(SequenceBlocks blocks, ReadOnlySpan<int> tokens)
    {
        for (var block = blocks.PublishedCount; block < tokens.Length / BlockTokens; block++)
        {
            var hash = HashOf(blocks, block, tokens);
            _global.Publish(blocks.Global[block], hash);
            if (block >= blocks.FirstLocal && block - blocks.FirstLocal < blocks.Local.Count)
                _local.Publish(blocks.Local[block - blocks.FirstLocal], hash);
            blocks.PublishedCount = block + 1;
        }
    }

    /// <summary>
    /// Gives a sequence what it needs to store the tokens from <paramref name="cachedLength"/> to <paramref name="length"/>: further
    /// blocks, and a copy of its own of one that it shares. Takes from it the local blocks that none of these attends to. False, having
    /// given nothing, if too few blocks are free.
    /// </summary>
    /// <param name="blocks">The sequence's blocks.</param>
    /// <param name="cachedLength">Tokens in the cache already.</param>
    /// <param name="length">Tokens after the next step.</param>
    /// <param name="positionOffset">Added to a token's place in the sequence to give its position.</param>
    public bool TryGrow(SequenceBlocks blocks, int cachedLength, int length, int positionOffset = 0)
    {
        if (_config.LocalAttention is { } local)
            DropLocal(blocks, Math.Max(0, local.First(cachedLength + positionOffset) - positionOffset) / BlockTokens);
        var written = cachedLength / BlockTokens;
        var copiesGlobal = written < blocks.Global.Count && _global.IsShared(blocks.Global[written]);
        var copiesLocal = written - blocks.FirstLocal < blocks.Local.Count && written >= blocks.FirstLocal
            && _local.IsShared(blocks.Local[written - blocks.FirstLocal]);
        var global = Math.Max(0, BlocksOf(length) - blocks.Global.Count);
        var locals = _local.BlockCount == 0 ? 0 : Math.Max(0, BlocksOf(length) - blocks.FirstLocal - blocks.Local.Count);
        if (global + (copiesGlobal ? 1 : 0) > _global.FreeCount || locals + (copiesLocal ? 1 : 0) > _local.FreeCount)
            return false;
        if (copiesGlobal)
            blocks.Global[written] = CopyOf(_global, blocks.Global[written]);
        if (copiesLocal)
            blocks.Local[written - blocks.FirstLocal] = CopyOf(_local, blocks.Local[written - blocks.FirstLocal]);
        for (var i = 0; i < global; i++)
            blocks.Global.Add(_global.Take());
        for (var i = 0; i < locals; i++)
            blocks.Local.Add(_local.Take());
        return true;
    }

    /// <summary>Whether a sequence could have as many tokens and some blocks would still be free.</summary>
    public bool HasRoom(SequenceBlocks blocks, int length, int spare)
    {
        var global = BlocksOf(length) - blocks.Global.Count;
        var local = Math.Min(BlocksOf(length) - blocks.FirstLocal, _localBlocksOfOne) - blocks.Local.Count;
        return global + spare <= _global.FreeCount && (_local.BlockCount == 0 || local + spare <= _local.FreeCount);
    }

    /// <summary>Makes a sequence without blocks an owner of all blocks of another of the same tokens.</summary>
    public void Share(SequenceBlocks from, SequenceBlocks to)
    {
        foreach (var block in from.Global)
            _global.Share(block);
        foreach (var block in from.Local)
            _local.Share(block);
        to.Global.AddRange(from.Global);
        to.Local.AddRange(from.Local);
        to.FirstLocal = from.FirstLocal;
        to.PublishedCount = from.PublishedCount;
        to.Hashes.Clear();
        to.Hashes.AddRange(from.Hashes);
    }

    /// <summary>Takes back all blocks of a sequence. What can be found again is kept, its beginning for longer than its end.</summary>
    public void Release(SequenceBlocks blocks)
    {
        for (var i = blocks.Global.Count - 1; i >= 0; i--)
            _global.Release(blocks.Global[i]);
        for (var i = blocks.Local.Count - 1; i >= 0; i--)
            _local.Release(blocks.Local[i]);
        blocks.Global.Clear();
        blocks.Local.Clear();
        blocks.FirstLocal = blocks.PublishedCount = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _global.Dispose();
        _local.Dispose();
    }

    private void DropLocal(SequenceBlocks blocks, int first)
    {
        var passed = Math.Min(first - blocks.FirstLocal, blocks.Local.Count);
        for (var i = 0; i < passed; i++)
            _local.Release(blocks.Local[i]);
        if (passed > 0)
            blocks.Local.RemoveRange(0, passed);
        blocks.FirstLocal = Math.Max(blocks.FirstLocal, first);
    }

    private static int CopyOf(BlockPool pool, int block)
    {
        var copy = pool.Take();
        pool.Copy(block, copy);
        pool.Release(block);
        return copy;
    }

    /// <summary>The first local block that a token at a slot attends to.</summary>
    private int FirstLocalBlock(int slot) => _config.LocalAttention!.Value.First(slot) / BlockTokens;

    /// <summary>The hash of a full block, which those before it have been asked for already.</summary>
    private static BlockHash HashOf(SequenceBlocks blocks, int block, ReadOnlySpan<int> tokens)
    {
        if (blocks.Hashes.Count == block + 1)
            blocks.Hashes.Add(blocks.Hashes[block].Next(tokens.Slice(block * BlockTokens, BlockTokens)));
        return blocks.Hashes[block + 1];
    }

    private static int BlocksOf(int tokens) => (int)(((long)tokens + BlockTokens - 1) / BlockTokens);

    private static int Blocks(double count) => (int)Math.Min(int.MaxValue, count);
}
