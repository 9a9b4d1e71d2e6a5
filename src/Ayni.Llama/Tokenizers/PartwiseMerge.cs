using System.Buffers;

namespace Ayni.Llama;

/// <summary>
/// Merges a word of millions of symbols part by part, each small enough for the processor's cache, with the same result as the whole word
/// at once. A workspace: one thread at a time.
/// </summary>
/// <remarks>
/// <para>
/// Let B(x) be what merging x gives: again and again its best pair, the lowest by rank and then by position. If B(xy) has an end of a
/// symbol between x and y, then B(xy) = B(x)B(y): no pair across was ever best, so on either side the same pairs were best in the same
/// order.
/// </para>
/// <para>
/// And it has one there exactly if B(tu) has one between t and u, where t is what the last symbol of B(x) was merged from and u what the
/// first one of B(y) was. For by the above, the symbols of t and of u become one symbol each without what is around them, and of a step in
/// t and one in u the better comes first, whether x and y are complete or not. A pair across t and u is best at some point of merging tu
/// if and only if it is best, once better pairs elsewhere are done, at the same point of merging xy. This takes nothing for granted about
/// the rules.
/// </para>
/// <para>
/// So the word is taken on part by part. Each part starts some symbols before the end of what is merged already, where a merged symbol
/// starts, and the little word of the two symbols that meet there tells whether it may. If not, it starts further back; should a
/// part's length not do, the word depends on itself as no text does, and it is merged at once.
/// </para>
/// </remarks>
internal sealed class PartwiseMerge
{
    /// <summary>New symbols in a part: their workspace fits a second-level cache.</summary>
    private const int CachedLength = 8192;

    // A part starts a 128th of its length back, then a 16th, then half: what is computed in vain stays a small multiple of the word.
    private const int PartsOfFirstOverlap = 128;
    private const int OverlapGrowth = 8;

    private readonly LongPairMerge _merge;
    private readonly int _partLength;

    // The last part's symbols and where each starts in the word; a new part's until it is accepted.
    private int[] _starts = [];
    private int _count;
    private int[] _newSymbols = [];
    private int[] _newStarts = [];

    /// <summary>An empty workspace.</summary>
    /// <param name="pairs">The rules.</param>
    /// <param name="partLength">New symbols in a part, at least 1.</param>
    public PartwiseMerge(PairTable pairs, int partLength = CachedLength)
    {
        _merge = new LongPairMerge(pairs);
        _partLength = partLength;
    }

    /// <summary>How many symbols there is room for without growing.</summary>
    public int Capacity => Math.Max(_merge.Capacity, _newSymbols.Length);

    /// <summary>Merges the symbols in place and returns how many are left, at the front.</summary>
    public int Merge(Span<int> symbols)
    {
        if (symbols.Length <= 2 * _partLength)
            return _merge.Merge(symbols, []);

        var merged = ArrayPool<int>.Shared.Rent(symbols.Length);
        var (end, total) = (0, 0);
        _count = 0;
        while (end < symbols.Length && TryAppend(symbols, end, merged, ref total))
            end = Math.Min(end + _partLength, symbols.Length);
        if (end == symbols.Length)
            merged.AsSpan(0, total).CopyTo(symbols);
        else
            total = _merge.Merge(symbols, []);
        ArrayPool<int>.Shared.Return(merged);
        return total;
    }

    /// <summary>Takes on the symbols after <paramref name="end"/>; false, changing nothing, where that would take too long.</summary>
    private bool TryAppend(ReadOnlySpan<int> symbols, int end, int[] merged, ref int total)
    {
        var next = Math.Min(end + _partLength, symbols.Length);
        for (var overlap = Math.Max(_partLength / PartsOfFirstOverlap, 1); overlap <= _partLength; overlap *= OverlapGrowth)
        {
            // How many of the last part's symbols stay as they are.
            var kept = 0;
            if (end > 0)
            {
                kept = _starts.AsSpan(0, _count).BinarySearch(end - overlap);
                kept = Math.Min(kept < 0 ? ~kept : kept, _count - 1);
                if (kept == 0)
                    return false;
            }
            var from = end == 0 ? 0 : _starts[kept];
            var count = MergePart(symbols[from..next]);
            if (kept > 0 && !MayStart(symbols, _starts[kept - 1], from, from + (count > 1 ? _newStarts[1] : next - from)))
                continue;

            total -= _count - kept;
            _newSymbols.AsSpan(0, count).CopyTo(merged.AsSpan(total));
            total += count;
            for (var i = 0; i < count; i++)
                _newStarts[i] += from;
            (_starts, _newStarts, _count) = (_newStarts, _starts, count);
            return true;
        }
        return false;
    }

    /// <summary>Whether a symbol still ends at <paramref name="middle"/> when those before and after it are merged together.</summary>
    private bool MayStart(ReadOnlySpan<int> symbols, int start, int middle, int end)
    {
        var (length, wanted) = (end - start, middle - start);
        var rented = ArrayPool<int>.Shared.Rent(2 * length);
        var little = rented.AsSpan(0, length);
        var starts = rented.AsSpan(length, length);
        symbols[start..end].CopyTo(little);
        var count = _merge.Merge(little, starts);
        var found = starts[..count].BinarySearch(wanted) >= 0;
        ArrayPool<int>.Shared.Return(rented);
        return found;
    }

    private int MergePart(ReadOnlySpan<int> part)
    {
        if (_newSymbols.Length < part.Length)
            _newSymbols = new int[part.Length];
        if (_newStarts.Length < part.Length)
            _newStarts = new int[part.Length];
        part.CopyTo(_newSymbols);
        return _merge.Merge(_newSymbols.AsSpan(0, part.Length), _newStarts);
    }
}
