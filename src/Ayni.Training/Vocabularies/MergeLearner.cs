using System.Runtime.InteropServices;

namespace Ayni.Training;

/// <summary>
/// Learns the merges of byte-pair encoding from counted words (Sennrich et al. 2016, arXiv:1508.07909): again and again the pair of
/// symbols that stands side by side most often becomes one. Deterministic; one thread at a time.
/// </summary>
/// <remarks>
/// Pairs of one count come by length, then by text, as in SentencePiece. Each pair knows its places, so a merge touches those alone, and a
/// queue whose counts are corrected as they come up gives the next: n·log n in all for n symbols.
/// </remarks>
internal sealed class MergeLearner
{
    /// <summary>A pair met once tells nothing.</summary>
    private const long FewestTimes = 2;

    /// <summary>The most symbols of all distinct words, so that places are 32-bit.</summary>
    private const int MostPlaces = 1 << 30;

    private readonly int _longest;
    private readonly List<Symbol> _symbols;
    private readonly Dictionary<string, int> _symbolOfText;
    private readonly Dictionary<(int Left, int Right), Pair> _pairs = [];
    private readonly PriorityQueue<Pair, Priority> _queue = new();
    private readonly HashSet<Pair> _grown = [];

    // By place: the symbol, or -1 once it is part of the one before; the places beside it in its word, or -1; and the word.
    private readonly List<int> _symbolAt = [];
    private readonly List<int> _before = [];
    private readonly List<int> _after = [];
    private readonly List<int> _wordAt = [];
    private readonly List<long> _times = [];

    /// <summary>Prepares to learn.</summary>
    /// <param name="alphabet">The texts of the symbols that words are made of; a symbol's number is its place here.</param>
    /// <param name="longest">The most symbols of the alphabet that a merged one may have.</param>
    public MergeLearner(IEnumerable<string> alphabet, int longest)
    {
        _longest = longest;
        _symbols = [.. alphabet.Select(text => new Symbol(text, 1))];
        _symbolOfText = _symbols.Index().ToDictionary(symbol => symbol.Item.Text, symbol => symbol.Index, StringComparer.Ordinal);
    }

    /// <summary>How many symbols the words are written with as it stands, each as often as its word occurs.</summary>
    public long SymbolsUsed => _symbolAt.Index().Sum(place => place.Item < 0 ? 0 : _times[_wordAt[place.Index]]);

    /// <summary>Adds a word, which nothing is merged across.</summary>
    /// <param name="word">Its symbols.</param>
    /// <param name="times">How often it occurs.</param>
    /// <exception cref="DataException">There are too many different words.</exception>
    public void AddWord(ReadOnlySpan<int> word, long times)
    {
        var first = _symbolAt.Count;
        if (word.Length > MostPlaces - first)
            throw new DataException($"The texts have more than {MostPlaces:N0} characters in different words; learn from a part of them.");
        for (var i = 0; i < word.Length; i++)
        {
            _symbolAt.Add(word[i]);
            _before.Add(i == 0 ? -1 : first + i - 1);
            _after.Add(i == word.Length - 1 ? -1 : first + i + 1);
            _wordAt.Add(_times.Count);
        }
        _times.Add(times);
        for (var place = first; place < _symbolAt.Count - 1; place++)
            Count(place, times);
    }

    /// <summary>Learns merged symbols: the next most frequent ones, until there are that many or nothing occurs twice.</summary>
    /// <param name="count">How many.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellationToken">Ends the learning.</param>
    /// <returns>The texts of the merged symbols, the soonest to be merged first.</returns>
    public IReadOnlyList<string> Learn(int count, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var first = _symbols.Count;
        QueueGrown();
        while (_symbols.Count < first + count && Next() is { } pair)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _pairs.Remove((pair.Left, pair.Right));
            Merge(pair, SymbolOf(pair));
            QueueGrown();
            progress?.Report((double)(_symbols.Count - first) / count);
        }
        return [.. _symbols.Skip(first).Select(symbol => symbol.Text)];
    }

    /// <summary>The most frequent pair. A count that has shrunk since it was queued is queued anew.</summary>
    private Pair? Next()
    {
        while (_queue.TryDequeue(out var pair, out var priority))
        {
            if (priority.Times != pair.Queued)
                continue;
            var times = TimesOf(pair);
            if (times == pair.Queued)
                return pair;
            Queue(pair, times);
        }
        return null;
    }

    /// <summary>How often a pair can be merged: of a run such as "aaa", whose pairs overlap, once.</summary>
    private long TimesOf(Pair pair)
    {
        if (pair.Left != pair.Right)
            return pair.Times;
        pair.Places.Sort();
        var (times, taken) = (0L, -1);
        foreach (var place in pair.Places)
        {
            if (place == taken || !IsAt(pair, place))
                continue;
            taken = _after[place];
            times += _times[_wordAt[place]];
        }
        return times;
    }

    private bool IsAt(Pair pair, int place) =>
        _symbolAt[place] == pair.Left && _after[place] is >= 0 and var second && _symbolAt[second] == pair.Right;

    private void Queue(Pair pair, long times)
    {
        pair.Queued = times;
        if (times >= FewestTimes)
            _queue.Enqueue(pair, new Priority(times, pair));
    }

    private void QueueGrown()
    {
        foreach (var pair in _grown.Where(pair => pair.Times > pair.Queued))
            Queue(pair, pair.Times);
        _grown.Clear();
    }

    /// <summary>The symbol that a pair becomes: a new one, or the one that other halves became already.</summary>
    private int SymbolOf(Pair pair)
    {
        ref var symbol = ref CollectionsMarshal.GetValueRefOrAddDefault(_symbolOfText, pair.Text, out var exists);
        if (!exists)
        {
            symbol = _symbols.Count;
            _symbols.Add(new Symbol(pair.Text, pair.Length));
        }
        return symbol;
    }

    private void Merge(Pair pair, int merged)
    {
        pair.Places.Sort();
        foreach (var place in pair.Places)
        {
            if (!IsAt(pair, place))
                continue;
            var second = _after[place];
            var (before, after, times) = (_before[place], _after[second], _times[_wordAt[place]]);
            if (before >= 0)
                Forget(before, place, times);
            if (after >= 0)
                Forget(second, after, times);
            (_symbolAt[place], _symbolAt[second]) = (merged, -1);
            _after[place] = after;
            if (after >= 0)
                _before[after] = place;
            if (before >= 0)
                Count(before, times);
            if (after >= 0)
                Count(place, times);
        }
    }

    /// <summary>Counts the pair of a place and the next one.</summary>
    private void Count(int place, long times)
    {
        var (left, right) = (_symbolAt[place], _symbolAt[_after[place]]);
        var length = _symbols[left].Length + _symbols[right].Length;
        if (length > _longest)
            return;
        ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (left, right), out var exists);
        if (!exists)
            pair = new Pair(left, right, _symbols[left].Text + _symbols[right].Text, length);
        pair!.Times += times;
        pair.Places.Add(place);
        _grown.Add(pair);
    }

    /// <summary>Takes back the count of a pair that is there no more; its place stays and is passed over.</summary>
    private void Forget(int left, int right, long times)
    {
        if (_pairs.TryGetValue((_symbolAt[left], _symbolAt[right]), out var pair))
            pair.Times -= times;
    }

    private readonly record struct Symbol(string Text, int Length);

    private sealed class Pair(int left, int right, string text, int length)
    {
        public int Left => left;

        public int Right => right;

        public string Text => text;

        public int Length => length;

        public List<int> Places { get; } = [];

        public long Times { get; set; }

        public long Queued { get; set; }
    }

    private readonly record struct Priority(long Times, Pair Pair) : IComparable<Priority>
    {
        public int CompareTo(Priority other)
        {
            if (Times != other.Times)
                return other.Times.CompareTo(Times);
            if (Pair.Length != other.Pair.Length)
                return Pair.Length.CompareTo(other.Pair.Length);
            var text = string.CompareOrdinal(Pair.Text, other.Pair.Text);
            return text != 0 ? text : Pair.Left.CompareTo(other.Pair.Left);
        }
    }
}
