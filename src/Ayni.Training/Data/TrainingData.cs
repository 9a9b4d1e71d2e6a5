using System.Collections.Immutable;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// The batches of a run. Every batch follows from its number alone, so a run goes on with any of them: an epoch is all rows of all
/// sources in an order of its own, each source's as often as its weight says. Safe for use by many threads at once.
/// </summary>
internal sealed class TrainingData
{
    private readonly ImmutableArray<(PackedRows Rows, long Entries, int ValidationDocuments)> _sources;
    private readonly ImmutableArray<PackedRows> _validation;
    private readonly LlamaConfig _config;
    private readonly int _rowsPerBatch;
    private readonly ulong _seed;

    /// <summary>Packs a shard's documents.</summary>
    /// <param name="shard">The documents.</param>
    /// <param name="sources">The recipe's sources, as they are in the shard.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="shape">Rows of a batch, their length, the part kept for validation and the seed of the order.</param>
    /// <exception cref="DataException">A source has nothing to learn at this length.</exception>
    public TrainingData(ShardFile shard, IReadOnlyList<DataSource> sources, LlamaConfig config, DataShape shape)
    {
        _config = config;
        _rowsPerBatch = shape.RowsPerBatch;
        _seed = shape.Seed;
        var first = 0;
        var rows = ImmutableArray.CreateBuilder<(PackedRows, long, int)>();
        var validation = ImmutableArray.CreateBuilder<PackedRows>();
        for (var i = 0; i < sources.Count; i++)
        {
            var count = (int)shard.Header.Sources[i].Documents;
            var split = DataSplit.Of(shard, first, count, shape.ValidationShare);
            var packed = Pack(split.Training, sources[i].Name, first);
            CutDocuments += packed.CutDocuments;
            if (packed.Count == 0)
                throw new DataException($"source '{sources[i].Name}' has nothing to learn: none of its documents has two tokens or more.");
            rows.Add((packed, Math.Max(1, (long)Math.Round(packed.Count * sources[i].Weight)), split.Validation.Count));
            if (split.Validation.Count > 0)
                validation.Add(Pack(split.Validation, sources[i].Name, first));
            first += count;
        }
        _sources = rows.ToImmutable();
        _validation = validation.ToImmutable();

        PackedRows Pack(IEnumerable<int> documents, string source, int firstDocument) => shape.AreInPairs
            ? PackedRows.OfPairs(shard, documents, shape.Context, source, firstDocument)
            : new PackedRows(shard, documents, shape.Context);
    }

    /// <summary>Documents that are longer than a row, and so learned in pieces.</summary>
    public int CutDocuments { get; }

    /// <summary>Rows of an epoch.</summary>
    public long RowsPerEpoch => _sources.Sum(source => source.Entries);

    /// <summary>A batch by its number from 0.</summary>
    public TrainingBatch Batch(long number)
    {
        var documents = new List<(ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)>();
        for (var i = 0; i < _rowsPerBatch; i++)
        {
            var (source, row) = RowAt(number * _rowsPerBatch + i);
            _sources[source].Rows.AddTo(documents, row);
        }
        return TrainingBatch.Create(documents, _config);
    }

    /// <summary>What is learned of each source in the first batches.</summary>
    public IReadOnlyList<SourceCounts> Count(long batches, CancellationToken cancellationToken)
    {
        var seen = new long[_sources.Length];
        for (var number = 0L; number < batches * _rowsPerBatch; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (source, row) = RowAt(number);
            seen[source] += _sources[source].Rows.CountLearned(row);
        }
        return [.. _sources.Select((source, i) => new SourceCounts(
            Enumerable.Range(0, source.Rows.Count).Sum(row => (long)source.Rows.CountLearned(row)), seen[i], source.ValidationDocuments))];
    }

    /// <summary>The source and the row there that a row of all batches is, counted from 0.</summary>
    private (int Source, int Row) RowAt(long number)
    {
        var (epoch, place) = Math.DivRem(number, RowsPerEpoch);
        var entry = new Permutation(Permutation.Mix(_seed, (ulong)epoch), RowsPerEpoch).At(place);
        var source = 0;
        for (; entry >= _sources[source].Entries; source++)
            entry -= _sources[source].Entries;
        var (rows, entries, _) = _sources[source];
        // A part of a source's rows, or some of them once more, are others in each epoch.
        var order = new Permutation(Permutation.Mix(~_seed, (ulong)source), rows.Count);
        return (source, (int)order.At((epoch * entries + entry) % rows.Count));
    }

    /// <summary>The first validation batches, always the same; none where nothing is kept for validation.</summary>
    public IReadOnlyList<TrainingBatch> ValidationBatches(int most)
    {
        (PackedRows Rows, int Row)[] all = [.. _validation.SelectMany(rows => Enumerable.Range(0, rows.Count).Select(row => (rows, row)))];
        if (all.Length == 0)
            return [];
        var order = new Permutation(seed: 0, all.Length);
        return
        [
            .. Enumerable.Range(0, all.Length).Select(place => all[order.At(place)]).Chunk(_rowsPerBatch).Take(most).Select(chunk =>
            {
                var documents = new List<(ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)>();
                foreach (var (rows, row) in chunk)
                    rows.AddTo(documents, row);
                return TrainingBatch.Create(documents, _config);
            }),
        ];
    }
}

/// <summary>What is learned of a source.</summary>
/// <param name="Tokens">Loss-bearing tokens in one pass.</param>
/// <param name="TokensSeen">Loss-bearing tokens in the batches that were counted.</param>
/// <param name="ValidationDocuments">Documents kept for validation.</param>
internal sealed record SourceCounts(long Tokens, long TokensSeen, int ValidationDocuments);

/// <summary>How data are cut into batches.</summary>
/// <param name="RowsPerBatch">Rows of a batch.</param>
/// <param name="Context">The length of a row in tokens, at least 2.</param>
/// <param name="ValidationShare">The part of each source's documents that is kept for validation.</param>
/// <param name="Seed">What the order follows from.</param>
/// <param name="AreInPairs">Whether each document holds a pair of answers, which makes a row.</param>
internal sealed record DataShape(int RowsPerBatch, int Context, double ValidationShare, ulong Seed, bool AreInPairs = false);
