using System.Runtime.InteropServices;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>Where the tokens of a batch are stored and what each attends to, in the cache blocks of one kind of layer.</summary>
internal sealed class BatchPlaces
{
    private readonly List<int> _blocks = [];
    private readonly List<AttentionSpan> _spans = [];
    private readonly List<int> _table = [];
    private int _tableCapacity;

    /// <summary>The block that each token's keys and values go to, <c>[tokens]</c>.</summary>
    public ReadOnlySpan<int> Blocks => CollectionsMarshal.AsSpan(_blocks);

    /// <summary>What each token attends to, <c>[tokens]</c>.</summary>
    public ReadOnlySpan<AttentionSpan> Spans => CollectionsMarshal.AsSpan(_spans);

    /// <summary>The blocks of all sequences, one after another.</summary>
    public ReadOnlySpan<int> Table => CollectionsMarshal.AsSpan(_table);

    public void Clear()
    {
        _blocks.Clear();
        _spans.Clear();
        _table.Clear();
        _tableCapacity = 0;
    }

    /// <summary>Adds a sequence's blocks, the first of which holds the given 16 tokens, and returns where its table starts.</summary>
    public int AddBlocks(List<int> blocks, int first)
    {
        // Room for all blocks that the sequences will yet have: so the table does not grow while they do.
        _table.EnsureCapacity(_tableCapacity += blocks.Capacity);
        var start = _table.Count - first;
        _table.AddRange(blocks);
        return start;
    }

    /// <summary>Adds the token of a slot, which attends to the slots from <paramref name="first"/> to its own.</summary>
    public void AddToken(int tableStart, int slot, int first)
    {
        _blocks.Add(_table[tableStart + slot / KeyValueCache.BlockTokens]);
        _spans.Add(new AttentionSpan(tableStart, first, slot + 1));
    }
}
