namespace Ayni.Training;

/// <summary>
/// A source's documents, in their order, in rows of at most a context's length. A document longer than the context is cut into pieces that
/// share one token, so that each of its tokens but the first is learned once; every piece is attended to by itself. A piece with nothing to
/// learn is left out. Immutable.
/// </summary>
internal sealed class PackedRows
{
    private readonly ShardFile _shard;
    private readonly List<(long Start, int Length)> _pieces = [];
    private readonly List<int> _firstPieces = [];
    private readonly List<int> _learned = [];

    /// <summary>Packs documents.</summary>
    /// <param name="shard">Where they are.</param>
    /// <param name="documents">Their numbers.</param>
    /// <param name="context">The length of a row; at least 2.</param>
    public PackedRows(ShardFile shard, IEnumerable<int> documents, int context)
    {
        _shard = shard;
        var filled = context;
        foreach (var document in documents)
        {
            var (start, length) = shard.Document(document);
            CutDocuments += length > context ? 1 : 0;
            for (; length > 1; start += context - 1, length -= context - 1)
            {
                var piece = Math.Min(length, context);
                var learned = shard.CountLearned(start + 1, piece - 1);
                if (learned == 0)
                    continue;
                if (filled + piece > context)
                {
                    _firstPieces.Add(_pieces.Count);
                    _learned.Add(0);
                    filled = 0;
                }
                _learned[^1] += learned;
                _pieces.Add((start, piece));
                filled += piece;
            }
        }
    }

    /// <summary>Documents that are longer than a row.</summary>
    public int CutDocuments { get; }

    /// <summary>Rows.</summary>
    public int Count => _firstPieces.Count;

    /// <summary>Takes documents that each hold a pair of answers: a row is a pair, whose documents stand side by side.</summary>
    /// <param name="shard">Where they are.</param>
    /// <param name="documents">Their numbers.</param>
    /// <param name="context">The length of a row.</param>
    /// <param name="source">What they are of, in errors.</param>
    /// <param name="firstDocument">The number of the source's first document.</param>
    /// <exception cref="DataException">An answer is longer than the context with its prompt.</exception>
    public static PackedRows OfPairs(ShardFile shard, IEnumerable<int> documents, int context, string source, int firstDocument)
    {
        var rows = new PackedRows(shard, [], context);
        foreach (var document in documents)
        {
            var (start, length) = shard.Document(document);
            var labels = shard.Read(start, length).Labels;
            // The first one ends where what is to be learned of it ends.
            var first = Array.FindIndex(labels, label => label != TrainingBatch.Masked);
            first = Array.IndexOf(labels, TrainingBatch.Masked, first);
            if (Math.Max(first, length - first) > context)
            {
                throw new DataException(
                    $"source '{source}': pair {document - firstDocument + 1} has {Math.Max(first, length - first)} tokens with its prompt, "
                    + $"more than the {context} of a row; shorten it, or take a longer context.");
            }
            rows._firstPieces.Add(rows._pieces.Count);
            rows._learned.Add(shard.CountLearned(start, length));
            rows._pieces.Add((start, first));
            rows._pieces.Add((start + first, length - first));
        }
        return rows;
    }

    /// <summary>How many tokens of a row are learned.</summary>
    public int CountLearned(int row) => _learned[row];

    /// <summary>Adds a row's pieces to a batch's documents.</summary>
    public void AddTo(List<(ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)> documents, int row)
    {
        var end = row + 1 < Count ? _firstPieces[row + 1] : _pieces.Count;
        for (var piece = _firstPieces[row]; piece < end; piece++)
        {
            var (ids, labels) = _shard.Read(_pieces[piece].Start, _pieces[piece].Length);
            documents.Add((ids, labels));
        }
    }
}
