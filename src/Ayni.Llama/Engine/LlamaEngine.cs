using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Threading.Channels;

namespace Ayni.Llama;

/// <summary>
/// Serves many generations with one model: a single scheduler thread owns the model, the cache and the batch, and requests reach it
/// through a channel. All public members are safe to call from any thread.
/// </summary>
public sealed class LlamaEngine : IAsyncDisposable
{
    /// <summary>
    /// The meter of every engine's instruments, which are tagged with the model's name: <c>AddMeter(LlamaEngine.MeterName)</c> shows them
    /// to OpenTelemetry. Those that vLLM has, too, bear its names with a dot for the colon, such as
    /// <c>vllm.time_to_first_token_seconds</c>.
    /// </summary>
    public const string MeterName = "Ayni.Llama";

    private const int DefaultContextLength = 8192;

    private readonly TimeProvider _clock;
    private readonly EngineOptions _options;
    private readonly Channel<Sequence> _arrivals = Channel.CreateUnbounded<Sequence>(new() { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Scheduler _scheduler;
    private readonly EngineMetrics _metrics;
    private readonly Task _loop;
    private readonly ConcurrentDictionary<string, int> _ownerCounts = new(StringComparer.Ordinal);
    private long _arrived;
    private int _waiting;
    private int _unfinished;
    private volatile bool _draining;
    private volatile Exception? _failure;

    /// <summary>Starts the scheduler. One engine at a time may use a model.</summary>
    /// <param name="model">The model served.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="clock">Measures times.</param>
    /// <param name="draft">
    /// A smaller model of the same vocabulary that drafts what the served one then checks, or null. Changes no answer. The engine does not
    /// dispose it.
    /// </param>
    /// <param name="meters">Makes the engine's meter, so that a listener can tell it from others'; null for one of its own.</param>
    /// <exception cref="DraftModelException">The draft model's vocabulary is another.</exception>
    /// <exception cref="Ayni.Kernels.UnsupportedCacheTypeException">The cache type asked for does not take the model's heads.</exception>
    public LlamaEngine(
        LlamaModel model, EngineOptions options, TimeProvider clock, LlamaModel? draft = null, IMeterFactory? meters = null)
    {
        if (draft is not null)
            DraftModel.RequireSameVocabulary(draft, model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.QueueLimit);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.StepTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.StepTokens, EngineOptions.LargestStep);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxSequences);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxSequences, EngineOptions.MostSequences);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ContextLength ?? 2, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.ContextLength ?? 2, EngineOptions.LongestContext);
        Model = model;
        ContextLength = options.ContextLength ?? Math.Min(model.TrainedContextLength, DefaultContextLength);
        _options = options;
        _clock = clock;
        _metrics = new EngineMetrics(model.Name, ContextLength, clock, meters);
        _scheduler = new Scheduler(
            model,
            options,
            ContextLength,
            draft,
            _metrics,
            onStarted: sequence => Interlocked.Add(ref _waiting, -1 - sequence.Siblings.Count),
            onEnded: Forget);
        _metrics.Observe(this, _scheduler.Cache);
        _loop = Task.Factory.StartNew(RunLoop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The model served. The engine does not dispose it.</summary>
    public LlamaModel Model { get; }

    /// <summary>The longest sequence, prompt and answer together, in tokens.</summary>
    public int ContextLength { get; }

    /// <summary>Requests that wait for their first step.</summary>
    public int QueuedCount => Volatile.Read(ref _waiting);

    /// <summary>Requests being computed.</summary>
    public int RunningCount => Math.Max(0, Volatile.Read(ref _unfinished) - QueuedCount);

    /// <summary>Cache blocks that no sequence owns, and all blocks: equal when nothing runs.</summary>
    public (int Free, int All) CacheBlocks => (_scheduler.Cache.FreeBlockCount, _scheduler.Cache.BlockCount);

    /// <summary>
    /// What ended the engine against its will; null while it is well. Every generation then under way has failed with it.
    /// </summary>
    public Exception? Failure => _failure;

    /// <summary>What the engine has done so far.</summary>
    public EngineCounters Counters => _scheduler.Counters;

    /// <summary>
    /// Queues a generation. Cancelling the token ends it within one step; it then completes with <see cref="FinishReason.Cancelled"/>.
    /// Throws <see cref="ContextLengthExceededException"/>, <see cref="QueueFullException"/>, <see cref="OwnerBusyException"/>,
    /// <see cref="EngineStoppingException"/>, or <see cref="ArgumentException"/> for an empty prompt, a token id outside the vocabulary or
    /// a parameter out of its range.
    /// </summary>
    public Generation Submit(GenerationRequest request, CancellationToken cancellationToken) => Submit(request, 1, cancellationToken)[0];

    /// <summary>
    /// Queues several answers to one prompt, which is computed once; the first answer's usage names it. Answers differ by their seeds: the
    /// request's and those after it.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="count">Answers; at least 1 and at most <see cref="EngineOptions.MaxSequences"/>.</param>
    /// <param name="cancellationToken">Ends all of them.</param>
    public ImmutableArray<Generation> Submit(GenerationRequest request, int count, CancellationToken cancellationToken)
    {
        Validate(request);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _options.MaxSequences);
        if (request.Prompt.Length >= ContextLength)
            throw new ContextLengthExceededException(request.Prompt.Length, ContextLength);

        var maxTokens = Math.Min(request.MaxTokens, ContextLength - request.Prompt.Length);
        var arrival = Interlocked.Add(ref _arrived, count) - count;
        Sequence[] sequences = [.. Enumerable.Range(0, count).Select(i => new Sequence(
            request with { Sampling = request.Sampling with { Seed = request.Sampling.Seed + i } }, Model, maxTokens, arrival + i, _clock, cancellationToken))];
        sequences[0].Siblings.AddRange(sequences[1..]);
        if (_ownerCounts.AddOrUpdate(request.Owner, count, (_, before) => before + count) > (_options.MaxPerOwner ?? int.MaxValue))
        {
            ForgetOwner(request.Owner, count);
            throw new OwnerBusyException(_options.MaxPerOwner!.Value, TimeSpan.FromSeconds(1));
        }
        if (Interlocked.Add(ref _waiting, count) > _options.QueueLimit)
        {
            Interlocked.Add(ref _waiting, -count);
            ForgetOwner(request.Owner, count);
            throw new QueueFullException(_options.QueueLimit, TimeSpan.FromSeconds(1));
        }
        Interlocked.Add(ref _unfinished, count);
        if (_draining || !_arrivals.Writer.TryWrite(sequences[0]))
        {
            Interlocked.Add(ref _waiting, -count);
            Interlocked.Add(ref _unfinished, -count);
            ForgetOwner(request.Owner, count);
            throw new EngineStoppingException();
        }
        return [.. sequences.Select(sequence => sequence.Generation)];
    }

    /// <summary>
    /// Takes no new requests and waits until those under way have ended; those still running at <paramref name="limit"/> are cancelled.
    /// </summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        _draining = true;
        _arrivals.Writer.TryComplete();
        try
        {
            await _loop.WaitAsync(limit, _clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await _loop.ConfigureAwait(false);
        }
    }

    /// <summary>Cancels what still runs and ends the scheduler.</summary>
    public async ValueTask DisposeAsync()
    {
        await DrainAsync(TimeSpan.Zero).ConfigureAwait(false);
        _metrics.Dispose();
        _scheduler.Dispose();
        _stopping.Dispose();
    }

    private void Validate(GenerationRequest request)
    {
        if (request.Prompt.IsDefaultOrEmpty)
            throw new ArgumentException("The prompt is empty.", nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(request.MaxTokens);
        foreach (var id in (ReadOnlySpan<int>)[.. request.Prompt, .. request.ForcedOutput])
        {
            if (id < 0 || id >= Model.Config.VocabularySize)
                throw new ArgumentException($"Token id {id} is outside the vocabulary of {Model.Config.VocabularySize}.", nameof(request));
        }
        if (request.Stop.Any(string.IsNullOrEmpty))
            throw new ArgumentException("A stop text is empty.", nameof(request));
    }

    private void Forget(Sequence sequence)
    {
        Interlocked.Decrement(ref _unfinished);
        ForgetOwner(sequence.Request.Owner, 1);
    }

    private void ForgetOwner(string owner, int count)
    {
        // An owner without requests takes no memory.
        if (_ownerCounts.AddOrUpdate(owner, 0, (_, before) => before - count) == 0)
            _ownerCounts.TryRemove(new(owner, 0));
    }

    private void RunLoop()
    {
        try
        {
            while (WaitForWork())
            {
                while (_arrivals.Reader.TryRead(out var arrival))
                    _scheduler.Enqueue(arrival);
                _scheduler.Step();
            }
        }
        catch (Exception error)
        {
            _failure = error;
        }
        _arrivals.Writer.TryComplete();
        while (_arrivals.Reader.TryRead(out var arrival))
            _scheduler.Enqueue(arrival);
        _scheduler.EndAll(_failure);
    }

    /// <summary>Waits until there is something to compute; false when the engine is to end.</summary>
    private bool WaitForWork()
    {
        if (_stopping.IsCancellationRequested)
            return false;
        if (_scheduler.HasWork)
            return true;
        try
        {
            return _arrivals.Reader.WaitToReadAsync(_stopping.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
