using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>Receives one position's logits, <c>[vocabulary]</c>.</summary>
public delegate void LogitsReceiver(ReadOnlySpan<float> logits);

/// <summary>
/// Computes the logits of every position of one sequence, for measuring and comparing models; serving goes through
/// <see cref="LlamaEngine"/>. Used by one thread at a time, while no engine uses the model.
/// </summary>
public sealed class SequenceEvaluator : IDisposable
{
    private readonly LlamaModel _model;
    private readonly KeyValueCache _cache;
    private readonly Transformer _transformer;
    private readonly int _maxLength;
    private readonly int _chunkTokens;
    private readonly float[] _logits;
    private readonly SequenceBlocks _blocks = new();
    private int _length;

    /// <summary>Reserves the cache of a sequence.</summary>
    /// <param name="model">The model.</param>
    /// <param name="maxLength">The longest sequence, in tokens.</param>
    /// <param name="chunkTokens">Tokens computed at a time, whose logits are held at once; results are the same.</param>
    /// <param name="cacheType">How keys and values are stored.</param>
    /// <exception cref="UnsupportedCacheTypeException">The type does not take the model's heads.</exception>
    public SequenceEvaluator(LlamaModel model, int maxLength, int chunkTokens = 64, CacheType cacheType = CacheType.F32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkTokens);
        _model = model;
        _maxLength = maxLength;
        _chunkTokens = Math.Min(chunkTokens, maxLength);
        _cache = new KeyValueCache(model.Config, maxLength, _chunkTokens, type: cacheType);
        _transformer = new Transformer(model.Config, model.Weights, model.Context, _chunkTokens);
        _logits = new float[_chunkTokens * model.Config.VocabularySize];
    }

    /// <summary>Appends tokens to the sequence and hands over each one's logits in turn.</summary>
    /// <param name="tokens">Ids inside the vocabulary.</param>
    /// <param name="startPosition">
    /// The rotary position of the first token; earlier tokens of this sequence are attended to whatever their position. Where attention is
    /// local, positions must follow one another.
    /// </param>
    /// <param name="receive">Called for each token; null where no logits are wanted, which spares the output head.</param>
    /// <param name="cancellationToken">Looked at between chunks.</param>
    public void Evaluate(ReadOnlySpan<int> tokens, int startPosition, LogitsReceiver? receive, CancellationToken cancellationToken = default)
    {
        if (_length + tokens.Length > _maxLength)
            throw new ArgumentException("The sequence is longer than was reserved.", nameof(tokens));
        var selection = receive is null ? LogitSelection.None : LogitSelection.All;
        var batch = new Batch(_model.Config);
        var offset = startPosition - _length;
        while (tokens.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(tokens.Length, _chunkTokens);
            batch.Clear();
            if (!_cache.TryGrow(_blocks, _length, _length + count, offset))
                throw new InvalidOperationException("The cache is smaller than was reserved.");
            batch.Add(tokens[..count], draft: [], _length, _blocks, selection, offset);
            var vocabularySize = _model.Config.VocabularySize;
            _transformer.Forward(batch, _cache, _logits.AsSpan(0, batch.LogitCount * vocabularySize));
            for (var i = 0; i < batch.LogitCount; i++)
                receive!(_logits.AsSpan(i * vocabularySize, vocabularySize));
            _length += count;
            tokens = tokens[count..];
        }
    }

    /// <summary>Forgets the sequence, so that another one can be computed.</summary>
    public void Clear()
    {
        _cache.Release(_blocks);
        _length = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();
}
