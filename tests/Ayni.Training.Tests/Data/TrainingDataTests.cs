using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Training.Tests;

public sealed class TrainingDataTests : IDisposable
{
    private readonly Corpus _corpus = new();

    public void Dispose() => _corpus.Dispose();

    [Fact]
    public void A_permutation_has_every_number_once() => Prop.ForAll<ulong, PositiveInt>((seed, length) =>
    {
        var permutation = new Permutation(seed, length.Get);
        return Enumerable.Range(0, length.Get).Select(place => permutation.At(place)).Distinct().Count() == length.Get;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_epoch_has_every_row_once_in_an_order_of_its_own()
    {
        using var shard = Numbered(40);
        var data = Data(shard, rowsPerBatch: 1, context: 6);
        var epochs = Enumerable.Range(0, 3).Select(epoch => Epoch(data, epoch)).ToArray();
        Assert.Equal(epochs[0].Order(), epochs[1].Order());
        Assert.NotEqual(epochs[0], epochs[1]);
        Assert.NotEqual(epochs[1], epochs[2]);
        Assert.Equal(Tokens(data.Batch(7)), Tokens(Data(shard, 1, 6).Batch(7)));
        Assert.Equal(Tokens(data.Batch(2)).Concat(Tokens(data.Batch(3))), Tokens(Data(shard, 2, 6).Batch(1)));
        Assert.NotEqual(epochs[0], Epoch(Data(shard, 1, 6, seed: 2), 0));

        static int[] Epoch(TrainingData data, int epoch) =>
            [.. Enumerable.Range(0, (int)data.RowsPerEpoch).SelectMany(row => Tokens(data.Batch(epoch * data.RowsPerEpoch + row)))];
    }

    [Fact]
    public void A_long_document_is_cut_so_that_each_token_is_learned_once()
    {
        _corpus.Write("long.txt", string.Concat(Enumerable.Range(0, 50).Select(number => (char)('A' + number % 26))));
        using var shard = _corpus.Shard(Corpus.Source("long.txt"));
        var (start, length) = shard.Document(0);
        var rows = new PackedRows(shard, [0], context: 10);
        Assert.Equal((1, 0), (rows.CutDocuments, new PackedRows(shard, [0], length).CutDocuments));
        var pieces = new List<(ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)>();
        for (var row = 0; row < rows.Count; row++)
            rows.AddTo(pieces, row);
        Assert.All(pieces, piece => Assert.InRange(piece.Ids.Length, 2, 10));
        Assert.Equal(shard.Read(start + 1, length - 1).Ids, pieces.SelectMany(piece => piece.Labels[1..].ToArray()));
    }

    [Fact]
    public void Rows_are_filled_up_to_the_context_and_documents_stay_whole()
    {
        using var shard = Numbered(20);
        var rows = new PackedRows(shard, Enumerable.Range(0, 20), context: 16);
        for (var row = 0; row < rows.Count; row++)
        {
            var pieces = new List<(ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)>();
            rows.AddTo(pieces, row);
            Assert.InRange(pieces.Sum(piece => piece.Ids.Length), 1, 16);
            Assert.All(pieces, piece => Assert.Equal(Corpus.Vocabulary.Tokenizer.BeginOfText, piece.Ids.Span[0]));
        }
        Assert.True(rows.Count < 20);
    }

    [Fact]
    public void A_weight_says_how_often_an_epoch_sees_a_source()
    {
        _corpus.Write("a.jsonl", [.. Enumerable.Range(0, 10).Select(number => $$"""{"text":"a{{number}}"}""")]);
        _corpus.Write("b.jsonl", [.. Enumerable.Range(0, 10).Select(number => $$"""{"text":"b{{number}}"}""")]);
        DataSource[] sources = [Corpus.Source("a.jsonl", weight: 3), Corpus.Source("b.jsonl", weight: 0.5)];
        using var shard = _corpus.Shard(sources);
        var data = new TrainingData(shard, sources, Corpus.Config, new DataShape(1, 4, 0, 5));
        Assert.Equal(35, data.RowsPerEpoch);
        string[] Epoch(int number) => [.. Enumerable.Range(0, 35).Select(row =>
            Corpus.Vocabulary.Tokenizer.Decode(data.Batch(number * 35 + row).Ids, skipSpecial: true)).Order(StringComparer.Ordinal)];
        Assert.Equal(10, Epoch(0).Where(text => text[0] == 'a').GroupBy(text => text).Count(group => group.Count() == 3));
        var halves = (Epoch(0)[30..], Epoch(1)[30..]);
        Assert.Equal(10, halves.Item1.Concat(halves.Item2).Distinct().Count());
    }

    [Fact]
    public void What_is_kept_for_validation_is_never_learned()
    {
        _corpus.Write("a.jsonl", [.. Enumerable.Range(0, 60).Select(number => $$"""{"text":"text {{number}}"}""")]);
        using var shard = _corpus.Shard(Corpus.Source("a.jsonl"));
        var split = DataSplit.Of(shard, 0, 60, 0.2);
        Assert.Equal(60, split.Training.Count + split.Validation.Count);
        Assert.Equal(12, split.Validation.Count);
        Assert.Empty(split.Training.Intersect(split.Validation));
        var data = Data(shard, 4, 8, validation: 0.2);
        Assert.Equal(data.ValidationBatches(2).Select(batch => batch.TokenCount), data.ValidationBatches(2).Select(batch =>
            batch.TokenCount));
        Assert.Equal(2, data.ValidationBatches(2).Count);
        Assert.Empty(Data(shard, 4, 8).ValidationBatches(2));
    }

    private static TrainingData Data(ShardFile shard, int rowsPerBatch, int context, ulong seed = 1, double validation = 0) =>
        new(shard, [Corpus.Source("a.jsonl")], Corpus.Config, new DataShape(rowsPerBatch, context, validation, seed));

    private static int[] Tokens(TrainingBatch batch) => batch.Ids.ToArray();

    private ShardFile Numbered(int count)
    {
        _corpus.Write("a.jsonl", [.. Enumerable.Range(0, count).Select(number => $$"""{"text":"{{number}}"}""")]);
        return _corpus.Shard(Corpus.Source("a.jsonl"));
    }
}
