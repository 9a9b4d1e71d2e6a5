using System.Numerics;

namespace Ayni.Llama;

/// <summary>
/// The same result as looking for the best pair again and again, in n·log n for words of any length. A workspace: one thread at a time.
/// </summary>
/// <remarks>
/// Pairs wait in one bucket a rank, and buckets are emptied from the lowest rank up, each from left to right: memory is walked in order,
/// where a heap over millions of symbols would miss the cache at every step, and what belongs to a symbol lies together. A merge may give
/// rise to a pair of a rank already passed; such urgent pairs go through a small heap before the walk goes on. A pair whose symbols have
/// changed since it was put down is recognized by its rank.
/// </remarks>
internal sealed class LongPairMerge(PairTable pairs)
{
    private const int None = int.MaxValue;

    private Node[] _nodes = [];

    // By rank: the first waiting entry plus one, 0 where the bucket is empty; and one bit for each bucket that is not.
    private readonly int[] _buckets = new int[pairs.RankCount];
    private readonly ulong[] _occupied = new ulong[(pairs.RankCount + 63) / 64];

    // Entries of all buckets: a node and the next entry plus one. Free ones form a list as well.
    private (int Node, int Next)[] _entries = [];
    private int _entryCount;
    private int _free;

    private readonly PriorityQueue<int, long> _urgent = new();
    private int[] _sweep = [];
    private int _current;
    private int _length;

    /// <summary>How many symbols there is room for without growing.</summary>
    public int Capacity => _nodes.Length;

    /// <summary>Merges the symbols in place and returns how many are left, at the front.</summary>
    /// <param name="symbols">The symbols of a word.</param>
    /// <param name="starts">Receives where each symbol that is left started; as long as the word, or empty where nobody asks.</param>
    public int Merge(Span<int> symbols, Span<int> starts)
    {
        Prepare(symbols);
        while ((_current = NextOccupied(_current + 1)) >= 0)
        {
            foreach (var index in TakeBucket(_current))
            {
                if (_nodes[index].Rank == _current)
                    Apply(index);
                while (_urgent.TryDequeue(out var urgent, out var key))
                {
                    if (_nodes[urgent].Rank == (int)(key >> 32))
                        Apply(urgent);
                }
            }
        }

        var count = 0;
        for (var index = 0; index < _length; index = _nodes[index].Next)
        {
            if (!starts.IsEmpty)
                starts[count] = index;
            symbols[count++] = _nodes[index].Symbol;
        }
        return count;
    }

    private void Prepare(ReadOnlySpan<int> symbols)
    {
        _length = symbols.Length;
        if (_nodes.Length < _length)
        {
            // Growing by half again spares words of slowly growing length a new workspace each.
            var capacity = (int)Math.Min(_length + _length / 2L, Array.MaxLength);
            _nodes = new Node[capacity];
            _entries = new (int, int)[capacity];
        }
        (_entryCount, _free, _current) = (0, 0, -1);
        for (var index = 0; index < symbols.Length; index++)
            _nodes[index] = new Node { Symbol = symbols[index], Previous = index - 1, Next = index + 1 };
        for (var index = 0; index < symbols.Length; index++)
            Link(index);
    }

    /// <summary>Merges the pair that a node begins: the result takes its place, its neighbour leaves the chain.</summary>
    private void Apply(int index)
    {
        ref var node = ref _nodes[index];
        ref var swallowed = ref _nodes[node.Next];
        swallowed.Rank = None;
        node.Symbol = node.Result;
        node.Next = swallowed.Next;
        if (node.Next < _length)
            _nodes[node.Next].Previous = index;
        Link(index);
        if (node.Previous >= 0)
            Link(node.Previous);
    }

    /// <summary>Looks up the pair that a node begins now and puts it down.</summary>
    private void Link(int index)
    {
        ref var node = ref _nodes[index];
        if (node.Next >= _length || !pairs.TryFind(node.Symbol, _nodes[node.Next].Symbol, out node.Rank, out node.Result))
            node.Rank = None;
        else if (node.Rank <= _current)
            _urgent.Enqueue(index, (long)node.Rank << 32 | (uint)index);
        else
            Wait(index, node.Rank);
    }

    private void Wait(int node, int rank)
    {
        int entry;
        if (_free > 0)
        {
            entry = _free - 1;
            _free = _entries[entry].Next;
        }
        else
        {
            if (_entryCount == _entries.Length)
                Array.Resize(ref _entries, checked(_entries.Length * 2));
            entry = _entryCount++;
        }
        _entries[entry] = (node, _buckets[rank]);
        _buckets[rank] = entry + 1;
        _occupied[rank >> 6] |= 1UL << rank;
    }

    /// <summary>The lowest rank at or above one whose bucket holds something, or -1.</summary>
    private int NextOccupied(int from)
    {
        var word = from >> 6;
        if (word >= _occupied.Length)
            return -1;
        var bits = _occupied[word] & ulong.MaxValue << from;
        while (bits == 0)
        {
            if (++word == _occupied.Length)
                return -1;
            bits = _occupied[word];
        }
        return (word << 6) + BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>Empties a bucket: its nodes from left to right.</summary>
    private ReadOnlySpan<int> TakeBucket(int rank)
    {
        var first = _buckets[rank];
        _buckets[rank] = 0;
        _occupied[rank >> 6] &= ~(1UL << rank);

        var (count, last, descending) = (0, 0, true);
        for (var entry = first; entry != 0; entry = _entries[entry - 1].Next)
        {
            if (count == _sweep.Length)
                Array.Resize(ref _sweep, Math.Max(256, count * 2));
            last = entry;
            _sweep[count] = _entries[entry - 1].Node;
            descending &= count == 0 || _sweep[count] <= _sweep[count - 1];
            count++;
        }
        _entries[last - 1].Next = _free;
        _free = first;

        // Entries come last in, first out: put down from left to right, as they mostly are, they come out from right to left.
        var nodes = _sweep.AsSpan(0, count);
        if (descending)
            nodes.Reverse();
        else
            nodes.Sort();
        return nodes;
    }

    /// <summary>
    /// A symbol, its neighbours in the chain of those left, and the rank and result of the pair it begins (<see cref="None"/> where it
    /// begins none).
    /// </summary>
    private struct Node
    {
        public int Symbol;
        public int Previous;
        public int Next;
        public int Rank;
        public int Result;
    }
}
