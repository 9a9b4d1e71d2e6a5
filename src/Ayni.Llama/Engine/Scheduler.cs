using System.Runtime.InteropServices;

namespace Ayni.Llama;

/// <summary>
/// Decides step by step which tokens are computed: first one for every sequence that is generating, then as much of waiting prompts as the step
/// still holds. Runs on one thread and owns the cache.
/// </summary>
internal sealed class Scheduler : IDisposable
{
    private readonly EngineOptions _options;
    private readonly int _vocabularySize;
    private readonly Transformer _transformer;
    private readonly FairQueue _waiting = new();
    private readonly List<Sequence> _running = [];
    private readonly List<Sequence> _sampling = [];
    private readonly Batch _batch;
    private readonly float[] _logits;
    private readonly Action _onStarted;
    private readonly Action _onEnded;

    /// <summary>Reserves the cache.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="contextLength">The longest sequence, in tokens.</param>
    /// <param name="onStarted">Called for each sequence that stops waiting, whether to run or because it was cancelled.</param>
    /// <param name="onEnded">Called for each sequence that ended, just before its generation completes.</param>
    public Scheduler(LlamaModel model, EngineOptions options, int contextLength, Action onStarted, Action onEnded)
    {
        _options = options;
        _onStarted = onStarted;
        _onEnded = onEnded;
        _vocabularySize = model.Config.VocabularySize;
        var stepTokens = Math.Max(options.StepTokens, options.MaxSequences);
        _transformer = new Transformer(model.Config, model.Weights, model.Context, stepTokens);
        _logits = new float[checked(options.MaxSequences * _vocabularySize)];
        _batch = new Batch(model.Config);
        Cache = new KeyValueCache(model.Config, contextLength, stepTokens, options.MaxSequences, options.CacheBytes);
    }

    public KeyValueCache Cache { get; }

    public bool HasWork => _running.Count > 0 || _waiting.Count > 0;

    public void Enqueue(Sequence sequence) => _waiting.Add(sequence);

    /// <summary>Computes one step for everybody.</summary>
    public void Step()
    {
        EndCancelled();
        Admit();
        FillBatch();
        if (_batch.TokenCount == 0)
            return;
        try
        {
            _transformer.Forward(_batch, Cache, _logits.AsSpan(0, _batch.LogitCount * _vocabularySize));
        }
        catch (Exception error)
        {
            // One failing step fails those in it, not the engine: each reader sees the error, the next requests are served.
            foreach (var sequence in _running.ToArray())
                End(sequence, s => s.Generation.Fail(error));
            return;
        }
        for (var i = 0; i < _sampling.Count; i++)
            Sample(_sampling[i], _logits.AsSpan(i * _vocabularySize, _vocabularySize));
    }

    /// <summary>Ends everything, waiting or running: as cancelled, or with the error that ended the engine.</summary>
    public void EndAll(Exception? failure)
    {
        Action<Sequence> complete = failure is null ? s => s.Finish(FinishReason.Cancelled) : s => s.Generation.Fail(failure);
        while (_waiting.Peek() is { } sequence)
        {
            _waiting.Remove();
            _onStarted();
            _onEnded();
            complete(sequence);
        }
        foreach (var sequence in _running.ToArray())
            End(sequence, complete);
    }

    public void Dispose() => Cache.Dispose();

    private void EndCancelled()
    {
        foreach (var sequence in _waiting.RemoveCancelled())
        {
            _onStarted();
            _onEnded();
            sequence.Finish(FinishReason.Cancelled);
        }
        foreach (var sequence in _running.FindAll(s => s.IsCancelled))
            End(sequence, s => s.Finish(FinishReason.Cancelled));
    }

    private void Admit()
    {
        // The whole answer's blocks are reserved, so that a sequence once begun can always finish.
        while (_running.Count < _options.MaxSequences && _waiting.Peek() is { } sequence && Cache.TryGrow(sequence.Blocks, sequence.MaxLength))
        {
            _waiting.Remove();
            _running.Add(sequence);
            sequence.Start();
            _onStarted();
        }
    }

    private void FillBatch()
    {
        _batch.Clear();
        _sampling.Clear();
        foreach (var sequence in _running)
        {
            if (sequence.IsDecoding)
                Add(sequence, 1);
        }
        var unfinished = _running.Count(sequence => sequence.MissingCount > 0);
        foreach (var sequence in _running)
        {
            if (sequence.MissingCount == 0)
                continue;
            // An equal share each, so that a short prompt does not wait for long ones; what one leaves goes to those after it.
            var room = _options.StepTokens - _batch.TokenCount;
            var share = Math.Min((room + unfinished - 1) / unfinished, sequence.MissingCount);
            unfinished--;
            if (share > 0)
                Add(sequence, share);
        }
    }

    private void Add(Sequence sequence, int count)
    {
        var tokens = CollectionsMarshal.AsSpan(sequence.Tokens).Slice(sequence.CachedLength, count);
        var isLast = sequence.CachedLength + count == sequence.Tokens.Count;
        _batch.Add(tokens, sequence.CachedLength, sequence.Blocks, isLast ? LogitSelection.Last : LogitSelection.None);
        sequence.CachedLength += count;
        if (isLast)
            _sampling.Add(sequence);
    }

    private void Sample(Sequence sequence, ReadOnlySpan<float> logits)
    {
        FinishReason? finish;
        try
        {
            finish = sequence.Advance(logits);
        }
        catch (Exception error)
        {
            End(sequence, s => s.Generation.Fail(error));
            return;
        }
        if (finish is { } reason)
            End(sequence, s => s.Finish(reason));
    }

    private void End(Sequence sequence, Action<Sequence> complete)
    {
        _running.Remove(sequence);
        Cache.Release(sequence.Blocks);
        _onEnded();
        complete(sequence);
    }
}
