using System.Numerics;

namespace Ayni.Llama;

/// <summary>
/// The same result as looking for the best pair again and again, in n·log n for words of any length. A workspace: one thread at a time.
/// </summary>
/// <remarks>
/// Pairs wait in one bucket a rank, and buckets are emptied from the lowest rank up, each from left to right: memory is walked in order, where
/// a heap over millions of symbols would miss the cache at every step. A merge may give rise to a pair of a rank already passed; such urgent
/// pairs go through a small heap before the walk goes on. A pair whose symbols have changed since it was put down is recognized by its rank.
/// </remarks>
internal sealed class LongPairMerge(PairTable pairs)
{
    private const int None = int.MaxValue;

    // By symbol: its neighbours in the chain of those left, and the rank and result of the pair it begins (None where it begins none).
    private int[] _next = [];
    private int[] _previous = [];
    private int[] _rank = [];
    private int[] _result = [];

    // By rank: the first waiting entry plus one, 0 where the bucket is empty; and one bit for each bucket that is not.
    private readonly int[] _buckets = new int[pairs.RankCount];
    private readonly ulong[] _occupied = new ulong[(pairs.RankCount + 63) / 64];

    // Entries of all buckets: a symbol and the next entry plus one. Free ones form a list as well.
    private (int Symbol, int Next)[] _entries = [];
    private int _entryCount;
    private int _free;

    private readonly PriorityQueue<int, long> _urgent = new();
    private int[] _sweep = [];
    private int _current;
    private int _length;

    /// <summary>Merges the symbols in place and returns how many are left, at the front.</summary>
    public int Merge(Span<int> symbols)
    {
        Prepare(symbols);
        while ((_current = NextOccupied(_current + 1)) >= 0)
        {
            foreach (var symbol in TakeBucket(_current))
            {
                if (_rank[symbol] == _current)
                    Apply(symbols, symbol);
                while (_urgent.TryDequeue(out var urgent, out var key))
                {
                    if (_rank[urgent] == (int)(key >> 32))
                        Apply(symbols, urgent);
                }
            }
        }

        var count = 0;
        for (var symbol = 0; symbol < _length; symbol = _next[symbol])
            symbols[count++] = symbols[symbol];
        return count;
    }

    private void Prepare(Span<int> symbols)
    {
        _length = symbols.Length;
        if (_next.Length < _length)
        {
            // Growing by half again spares words of slowly growing length a new workspace each.
            var capacity = (int)Math.Min(_length + _length / 2L, Array.MaxLength);
            (_next, _previous, _rank, _result) = (new int[capacity], new int[capacity], new int[capacity], new int[capacity]);
            _entries = new (int, int)[capacity];
        }
        (_entryCount, _free, _current) = (0, 0, -1);
        for (var symbol = 0; symbol < _length; symbol++)
        {
            _next[symbol] = symbol + 1;
            _previous[symbol] = symbol - 1;
        }
        for (var symbol = 0; symbol < _length; symbol++)
            Link(symbols, symbol);
    }

    /// <summary>Merges the pair that a symbol begins: the symbol takes its place, its neighbour leaves the chain.</summary>
    private void Apply(Span<int> symbols, int symbol)
    {
        var swallowed = _next[symbol];
        var next = _next[swallowed];
        symbols[symbol] = _result[symbol];
        _rank[swallowed] = None;
        _next[symbol] = next;
        if (next < _length)
            _previous[next] = symbol;
        Link(symbols, symbol);
        if (_previous[symbol] >= 0)
            Link(symbols, _previous[symbol]);
    }

    /// <summary>Looks up the pair that a symbol begins now and puts it down.</summary>
    private void Link(Span<int> symbols, int symbol)
    {
        var next = _next[symbol];
        if (next >= _length || !pairs.TryFind(symbols[symbol], symbols[next], out var rank, out _result[symbol]))
        {
            _rank[symbol] = None;
            return;
        }
        _rank[symbol] = rank;
        if (rank <= _current)
            _urgent.Enqueue(symbol, (long)rank << 32 | (uint)symbol);
        else
            Wait(symbol, rank);
    }

    private void Wait(int symbol, int rank)
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
        _entries[entry] = (symbol, _buckets[rank]);
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

    /// <summary>Empties a bucket: its symbols from left to right.</summary>
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
            _sweep[count] = _entries[entry - 1].Symbol;
            descending &= count == 0 || _sweep[count] <= _sweep[count - 1];
            count++;
        }
        _entries[last - 1].Next = _free;
        _free = first;

        // Entries come last in, first out: put down from left to right, as they mostly are, they come out from right to left.
        var symbols = _sweep.AsSpan(0, count);
        if (descending)
            symbols.Reverse();
        else
            symbols.Sort();
        return symbols;
    }
}
