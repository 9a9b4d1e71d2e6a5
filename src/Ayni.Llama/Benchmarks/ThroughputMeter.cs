using System.Diagnostics;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Times a model's forward passes as an engine makes them, one measurement at a time: prompts in steps of 512 tokens with the last token's
/// logits, and tokens one by one, for one sequence or several together. Token ids are arbitrary. Used by one thread at a time, while no
/// engine uses the model.
/// </summary>
public sealed class ThroughputMeter : IDisposable
{
    private const int StepTokens = 512;
    private const int MostIds = 30_000;

    private readonly LlamaModel _model;
    private readonly int _maxLength;
    private readonly KeyValueCache _cache;
    private readonly Transformer _transformer;
    private readonly Batch _batch;
    private readonly SequenceBlocks[] _sequences;
    private readonly float[] _logits;

    /// <summary>Reserves the cache.</summary>
    /// <param name="model">The model.</param>
    /// <param name="maxLength">The longest each sequence becomes, in tokens.</param>
    /// <param name="maxSequences">The most sequences together.</param>
    /// <param name="cacheType">How keys and values are stored.</param>
    /// <exception cref="UnsupportedCacheTypeException">The type does not take the model's heads.</exception>
    public ThroughputMeter(LlamaModel model, int maxLength, int maxSequences, CacheType cacheType = CacheType.F32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSequences);
        _model = model;
        _maxLength = maxLength;
        _cache = new KeyValueCache(model.Config, maxLength, StepTokens, maxSequences, long.MaxValue, cacheType);
        _transformer = new Transformer(model.Config, model.Weights, model.Context, Math.Max(StepTokens, maxSequences));
        _batch = new Batch(model.Config);
        _sequences = [.. Enumerable.Range(0, maxSequences).Select(_ => new SequenceBlocks())];
        _logits = new float[maxSequences * model.Config.VocabularySize];
    }

    /// <summary>How many different tokens are computed, those of the lowest ids: no more than the model has.</summary>
    public static int IdsOf(LlamaModel model) => Math.Min(model.Config.VocabularySize, MostIds);

    /// <summary>
    /// Bytes that a step of <see cref="Decode"/> reads, in the mean: the weights once, and each sequence's keys and values.
    /// </summary>
    public long BytesRead(int sequences, int tokens, int depth) =>
        _model.BytesReadPerToken + sequences * _cache.BytesReadAt(Math.Max(1, depth) + tokens / 2);

    /// <summary>Seconds to compute a prompt of some tokens. Cancelled between steps.</summary>
    public double Prefill(int tokens, CancellationToken cancellationToken)
    {
        Clear();
        return Time(() => Prompt(_sequences[0], tokens, cancellationToken));
    }

    /// <summary>
    /// Seconds to compute some tokens one after another, for each of some sequences together, after texts of some depth. Cancelled between
    /// steps.
    /// </summary>
    public double Decode(int sequences, int tokens, int depth, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequences, _sequences.Length);
        Clear();
        for (var i = 0; i < sequences; i++)
            Prompt(_sequences[i], Math.Max(1, depth), cancellationToken);
        return Time(() =>
        {
            for (var token = 0; token < tokens; token++)
            {
                _batch.Clear();
                for (var i = 0; i < sequences; i++)
                    Add(_sequences[i], Math.Max(1, depth) + token, 1, LogitSelection.Last);
                Forward(cancellationToken);
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private void Clear()
    {
        foreach (var sequence in _sequences)
            _cache.Release(sequence);
    }

    private void Prompt(SequenceBlocks sequence, int tokens, CancellationToken cancellationToken)
    {
        for (var start = 0; start < tokens; start += StepTokens)
        {
            var count = Math.Min(StepTokens, tokens - start);
            _batch.Clear();
            Add(sequence, start, count, start + count == tokens ? LogitSelection.Last : LogitSelection.None);
            Forward(cancellationToken);
        }
    }

    private void Add(SequenceBlocks sequence, int start, int count, LogitSelection logits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, _maxLength, nameof(start));
        Span<int> ids = stackalloc int[count];
        for (var i = 0; i < count; i++)
            ids[i] = (int)(((start + i) * 7919L + 13) % IdsOf(_model));
        if (!_cache.TryGrow(sequence, start, start + count))
            throw new InvalidOperationException("The cache is smaller than was reserved.");
        _batch.Add(ids, [], start, sequence, logits);
    }

    private void Forward(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _transformer.Forward(_batch, _cache, _logits.AsSpan(0, _batch.LogitCount * _model.Config.VocabularySize));
    }

    private static double Time(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
