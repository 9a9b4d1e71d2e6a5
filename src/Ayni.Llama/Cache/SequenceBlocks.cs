namespace Ayni.Llama;

/// <summary>
/// The cache blocks that one sequence owns, alone or with others. Owned by the thread that owns the <see cref="KeyValueCache"/>.
/// </summary>
public sealed class SequenceBlocks
{
    /// <summary>Starts without blocks.</summary>
    /// <param name="share">Who may find the sequence's blocks, and whose it may find: those with the same text here.</param>
    public SequenceBlocks(string share = "") => Hashes.Add(BlockHash.Start(share));

    /// <summary>Those of layers that attend to everything: one for each 16 tokens.</summary>
    internal List<int> Global { get; } = [];

    /// <summary>Those of layers with <see cref="LocalAttention"/>, from the first that is still attended to.</summary>
    internal List<int> Local { get; } = [];

    /// <summary>The number of 16 tokens before the first local block.</summary>
    internal int FirstLocal { get; set; }

    /// <summary>Blocks, from the first on, that can be found by others.</summary>
    internal int PublishedCount { get; set; }

    /// <summary>The hash before the first block, and after it those of all blocks that are full.</summary>
    internal List<BlockHash> Hashes { get; } = [];

    /// <summary>Takes memory for the lists of a sequence of some length, in tokens, so that none grows later.</summary>
    internal void EnsureCapacity(int length)
    {
        var blocks = length / KeyValueCache.BlockTokens + 2;
        Global.EnsureCapacity(blocks);
        Hashes.EnsureCapacity(blocks);
    }
}
