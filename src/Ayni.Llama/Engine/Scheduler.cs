using System.Runtime.InteropServices;

namespace Ayni.Llama;

/// <summary>
/// Decides step by step which tokens are computed: those of every sequence that is generating, then as much of waiting prompts as the step
/// still holds. Runs on one thread and owns the cache.
/// </summary>
internal sealed class Scheduler : IDisposable
{
    // Guesses cost next to nothing while a step is bound by reading the weights; with more sequences than this it no longer is.
    private const int MostGuessingSequences = 2;

    private readonly EngineOptions _options;
    private readonly int _vocabularySize;
    private readonly Transformer _transformer;
    private readonly DraftModel? _draftModel;
    private readonly FairQueue _waiting = new();

    // Who came first is first.
    private readonly List<Sequence> _running = [];
    private readonly List<(Sequence Sequence, int Count)> _planned = [];
    private readonly List<Sequence> _ended = [];
    private readonly Batch _batch;
    private readonly EngineMetrics _metrics;
    private readonly float[] _logits;
    private readonly Action<Sequence> _onStarted;
    private readonly Action<Sequence> _onEnded;

    /// <summary>Reserves the cache.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="contextLength">The longest sequence, in tokens.</param>
    /// <param name="draft">The model to draft with, or null.</param>
    /// <param name="metrics">Told of each step, token and end.</param>
    /// <param name="onStarted">Called for each sequence that stops waiting, whether to run or because it was cancelled.</param>
    /// <param name="onEnded">Called for each sequence that ended, just before its generation completes.</param>
    public Scheduler(
        LlamaModel model,
        EngineOptions options,
        int contextLength,
        LlamaModel? draft,
        EngineMetrics metrics,
        Action<Sequence> onStarted,
        Action<Sequence> onEnded)
    {
        _metrics = metrics;
        _options = options;
        _onStarted = onStarted;
        _onEnded = onEnded;
        _vocabularySize = model.Config.VocabularySize;
        var guesses = options.Speculates ? MostGuessingSequences * DraftLength.Longest : 0;
        var stepTokens = Math.Max(options.StepTokens, options.MaxSequences + guesses);
        _transformer = new Transformer(model.Config, model.Weights, model.Context, stepTokens);
        _logits = new float[checked((options.MaxSequences + guesses) * _vocabularySize)];
        _batch = new Batch(model.Config);
        _draftModel = draft is not null && options.Speculates ? new DraftModel(draft, contextLength, MostGuessingSequences) : null;
        Cache = new KeyValueCache(model.Config, contextLength, stepTokens, options.MaxSequences, options.CacheBytes, options.CacheType);
    }

    public KeyValueCache Cache { get; }

    /// <summary>What happened so far; read by other threads.</summary>
    public EngineCounters Counters { get; } = new();

    public bool HasWork => _running.Count > 0 || _waiting.Count > 0;

    public void Enqueue(Sequence sequence) => _waiting.Add(sequence);

    /// <summary>Computes one step for everybody.</summary>
    public void Step()
    {
        EndCancelled();
        Admit();
        Plan();
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
                End(sequence, FinishReason.Cancelled, error);
            return;
        }
        Counters.NoteStep(_batch.TokenCount);
        _metrics.NoteStep(_batch.TokenCount);
        TakeResults();
    }

    /// <summary>Ends everything, waiting or running: as cancelled, or with the error that ended the engine.</summary>
    public void EndAll(Exception? failure)
    {
        while (_waiting.Peek() is { } sequence)
        {
            _waiting.Remove();
            EndWaiting(sequence, failure);
        }
        foreach (var sequence in _running.ToArray())
            End(sequence, FinishReason.Cancelled, failure);
    }

    public void Dispose()
    {
        Cache.Dispose();
        _draftModel?.Dispose();
    }

    private void EndCancelled()
    {
        _waiting.RemoveCancelled(_ended);
        foreach (var sequence in _ended)
            EndWaiting(sequence);
        _ended.Clear();
        foreach (var sequence in _running)
        {
            if (sequence.IsCancelled)
                _ended.Add(sequence);
        }
        foreach (var sequence in _ended)
            End(sequence, FinishReason.Cancelled);
        _ended.Clear();
    }

    /// <summary>Takes in who waits as long as there are places, and blocks for the prompt and for one more token of everybody.</summary>
    private void Admit()
    {
        while (_waiting.Peek() is { } sequence && PlacesTaken() + sequence.Siblings.Count < _options.MaxSequences)
        {
            var found = Cache.Find(sequence.Blocks, CollectionsMarshal.AsSpan(sequence.Tokens));
            if (_running.Count > 0 && !Cache.HasRoom(sequence.Blocks, sequence.Tokens.Count + 1, spare: _running.Count + sequence.Siblings.Count))
            {
                Cache.Release(sequence.Blocks);
                return;
            }
            _waiting.Remove();
            if (!sequence.HasStarted)
            {
                _onStarted(sequence);
                Counters.NotePrompt(sequence.Tokens.Count, found);
            }
            sequence.Start(found);
            Insert(sequence);
        }
    }

    private int PlacesTaken()
    {
        var places = 0;
        foreach (var sequence in _running)
            places += 1 + sequence.Siblings.Count;
        return places;
    }

    private void Insert(Sequence sequence)
    {
        var place = _running.Count;
        while (place > 0 && _running[place - 1].Arrival > sequence.Arrival)
            place--;
        _running.Insert(place, sequence);
    }

    /// <summary>
    /// Decides how many tokens of each sequence are computed, and gives each the blocks for them; the youngest yield where too few are
    /// free.
    /// </summary>
    private void Plan()
    {
        _planned.Clear();
        var (decoding, room) = (0, _options.StepTokens);
        foreach (var sequence in _running)
            decoding += sequence.IsDecoding ? 1 : 0;
        var unfinished = 0;
        for (var i = 0; i < _running.Count; i++)
        {
            if (!_running[i].IsDecoding && !WaitsForBeginning(i))
                unfinished++;
        }
        var guesses = _options.Speculates && decoding == _running.Count && decoding <= MostGuessingSequences ? DraftLength.Longest : 0;
        room -= decoding;
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.IsDecoding)
            {
                sequence.Guess(guesses, _draftModel);
                Reserve(sequence, 1);
                continue;
            }
            if (sequence.IsFollowing)
                continue;
            // An equal share each, so that a short prompt does not wait for long ones; what one leaves goes to those after it.
            var share = Math.Min((room + unfinished - 1) / unfinished, sequence.MissingCount);
            unfinished--;
            if (share > 0)
                room -= Reserve(sequence, share);
        }
    }

    /// <summary>
    /// Whether a sequence that has computed nothing yet leaves it to one before it to compute the beginning that both have. Once that is
    /// done, it takes what it finds.
    /// </summary>
    private bool WaitsForBeginning(int index)
    {
        var sequence = _running[index];
        if (sequence.HasComputed)
            return false;
        var waited = sequence.IsFollowing;
        sequence.IsFollowing = false;
        for (var i = 0; i < index && !sequence.IsFollowing; i++)
            sequence.IsFollowing = sequence.MayFollow(_running[i]);
        if (waited && !sequence.IsFollowing)
        {
            Cache.Release(sequence.Blocks);
            var found = Cache.Find(sequence.Blocks, CollectionsMarshal.AsSpan(sequence.Tokens));
            Counters.NotePrompt(0, found - sequence.CachedLength);
            sequence.FindBeginning(found);
        }
        return sequence.IsFollowing;
    }

    /// <summary>Plans so many tokens of a sequence, and returns as many, or 0 where it had to yield itself.</summary>
    private int Reserve(Sequence sequence, int count)
    {
        while (!Cache.TryGrow(sequence.Blocks, sequence.CachedLength, sequence.CachedLength + count + sequence.DraftCount))
        {
            if (sequence.DraftCount > 0)
            {
                sequence.DropDraft();
                continue;
            }
            var youngest = _running[^1];
            if (youngest == sequence && _running.Count == 1)
                throw new InvalidOperationException("The cache is too small for one sequence.");
            Preempt(youngest);
            if (youngest == sequence)
                return 0;
        }
        _planned.Add((sequence, count));
        return count;
    }

    /// <summary>Takes a sequence's blocks; it is computed again later and loses nothing but time.</summary>
    private void Preempt(Sequence sequence)
    {
        _running.Remove(sequence);
        Cache.Release(sequence.Blocks);
        sequence.Restart();
        _waiting.PutBack(sequence);
        Counters.NotePreemption();
    }

    private void FillBatch()
    {
        _batch.Clear();
        foreach (var (sequence, count) in _planned)
        {
            var tokens = CollectionsMarshal.AsSpan(sequence.Tokens).Slice(sequence.CachedLength, count);
            var isLast = sequence.CachedLength + count == sequence.Tokens.Count;
            _batch.Add(tokens, sequence.Draft, sequence.CachedLength, sequence.Blocks, isLast ? LogitSelection.Last : LogitSelection.None);
        }
    }

    private void TakeResults()
    {
        var row = 0;
        foreach (var (sequence, count) in _planned)
        {
            sequence.NoteComputed(count);
            Cache.Publish(sequence.Blocks, CollectionsMarshal.AsSpan(sequence.Tokens)[..sequence.CachedLength]);
            if (sequence.MissingCount > 0)
                continue;
            var rows = 1 + sequence.DraftCount;
            var logits = _logits.AsSpan(row * _vocabularySize, rows * _vocabularySize);
            row += rows;
            foreach (var sibling in sequence.Siblings)
            {
                Cache.Share(sequence.Blocks, sibling.Blocks);
                sibling.StartFrom(sequence);
                Insert(sibling);
                Sample(sibling, logits);
            }
            sequence.Siblings.Clear();
            Sample(sequence, logits);
        }
    }

    private void Sample(Sequence sequence, ReadOnlySpan<float> logits)
    {
        FinishReason? finish;
        var before = sequence.Tokens.Count;
        var drafted = sequence.DraftCount;
        var lastTokenAt = sequence.LastTokenAt;
        try
        {
            finish = sequence.Advance(logits);
        }
        catch (Exception error)
        {
            End(sequence, FinishReason.Cancelled, error);
            return;
        }
        Counters.NoteGenerated(sequence.Tokens.Count - before, drafted);
        _metrics.NoteTokens(sequence.SubmittedAt, lastTokenAt, sequence.LastTokenAt);
        if (finish is { } reason)
            End(sequence, reason);
    }

    /// <summary>Takes a sequence's place and blocks, and completes it: with the error, where there is one.</summary>
    private void End(Sequence sequence, FinishReason reason, Exception? error = null)
    {
        _running.Remove(sequence);
        Cache.Release(sequence.Blocks);
        _draftModel?.Forget(sequence);
        _onEnded(sequence);
        var result = sequence.ResultOf(reason);
        _metrics.NoteEnd(sequence.Request.Prompt.Length, result, sequence.Age);
        if (error is null)
        {
            Counters.NoteEnd(reason);
            sequence.Generation.Complete(result);
        }
        else
        {
            Counters.NoteFailure();
            sequence.Generation.Fail(error);
        }
        foreach (var sibling in sequence.Siblings)
            End(sibling, reason, error);
    }

    private void EndWaiting(Sequence sequence, Exception? error = null)
    {
        if (!sequence.HasStarted)
            _onStarted(sequence);
        End(sequence, FinishReason.Cancelled, error);
    }
}
