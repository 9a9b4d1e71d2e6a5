namespace Ayni.Llama;

/// <summary>
/// Byte-pair encoding: merges neighbouring symbols by the rules of a <see cref="PairTable"/>, always the pair of lowest rank, the
/// leftmost on ties, until no rule applies. Safe for many threads.
/// </summary>
internal sealed class PairMerger(PairTable pairs)
{
    /// <summary>Up to this many symbols, looking at all pairs for each merge beats any bookkeeping.</summary>
    private const int ShortLength = 96;

    /// <summary>A workspace that has grown beyond this many symbols is let go after use.</summary>
    private const int KeptLength = 1 << 20;

    private PartwiseMerge? _idle;

    /// <summary>Merges the symbols in place and returns how many are left, at the front.</summary>
    public int Merge(Span<int> symbols)
    {
        if (symbols.Length < 2)
            return symbols.Length;
        if (symbols.Length <= ShortLength)
            return MergeShort(symbols);

        // One idle workspace serves the common case of one caller; others at the same time bring their own.
        var workspace = Interlocked.Exchange(ref _idle, null) ?? new PartwiseMerge(pairs);
        var count = workspace.Merge(symbols);
        if (workspace.Capacity <= KeptLength)
            _idle = workspace;
        return count;
    }

    private int MergeShort(Span<int> symbols)
    {
        Span<int> ranks = stackalloc int[ShortLength];
        Span<int> results = stackalloc int[ShortLength];
        var count = symbols.Length;
        ranks = ranks[..(count - 1)];
        for (var i = 0; i < ranks.Length; i++)
            pairs.TryFind(symbols[i], symbols[i + 1], out ranks[i], out results[i]);

        while (ranks.Length > 0)
        {
            var best = IndexOfLowest(ranks);
            if (ranks[best] == int.MaxValue)
                break;
            symbols[best] = results[best];
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            count--;
            // The pair that began at the swallowed symbol goes; the last one has none to its right and goes with it.
            if (best + 1 < ranks.Length)
            {
                ranks[(best + 2)..].CopyTo(ranks[(best + 1)..]);
                results[(best + 2)..(ranks.Length)].CopyTo(results[(best + 1)..]);
                pairs.TryFind(symbols[best], symbols[best + 1], out ranks[best], out results[best]);
            }
            ranks = ranks[..^1];
            if (best > 0)
                pairs.TryFind(symbols[best - 1], symbols[best], out ranks[best - 1], out results[best - 1]);
        }
        return count;
    }

    private static int IndexOfLowest(ReadOnlySpan<int> ranks)
    {
        var best = 0;
        var lowest = ranks[0];
        for (var i = 1; i < ranks.Length; i++)
        {
            if (ranks[i] < lowest)
            {
                lowest = ranks[i];
                best = i;
            }
        }
        return best;
    }
}
