using System.Diagnostics.CodeAnalysis;
using Ayni.Llama;

namespace Ayni.Host;

/// <summary>Where a host is in its life.</summary>
internal enum ServingPhase
{
    Loading,
    Serving,
    Failed,
    Stopping,
}

/// <summary>
/// Whether requests are served now, by which model, and how many are. Every request for tokens holds a <see cref="Lease"/> from its
/// first check to the end of its answer, so that a host that stops knows when the last one is through.
/// </summary>
internal sealed class ServingState : IDisposable
{
    private static readonly TimeSpan LoadingRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FailedRetry = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServedModel? _model;
    private ServingPhase _phase;
    private int _leases;

    /// <summary>Where the host is in its life.</summary>
    public ServingPhase Phase
    {
        get
        {
            // An engine that failed beyond repair serves nobody, although its model was loaded.
            lock (_lock)
                return _phase == ServingPhase.Serving && _model!.Engine.Failure is not null ? ServingPhase.Failed : _phase;
        }
    }

    /// <summary>The engine, while a model is loaded.</summary>
    public LlamaEngine? Engine
    {
        get
        {
            lock (_lock)
                return _model?.Engine;
        }
    }

    /// <summary>The model, while one is loaded.</summary>
    public bool TryGetModel([NotNullWhen(true)] out ServedModel? model)
    {
        lock (_lock)
            model = _model;
        return model is not null;
    }

    /// <summary>Cancelled when running answers must end where they are.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>The model is loaded: serve it, unless the host stops already.</summary>
    public void Serve(ServedModel model)
    {
        lock (_lock)
        {
            _model = model;
            if (_phase == ServingPhase.Loading)
                _phase = ServingPhase.Serving;
        }
    }

    /// <summary>The model can't be loaded.</summary>
    public void Fail()
    {
        lock (_lock)
        {
            if (_phase == ServingPhase.Loading)
                _phase = ServingPhase.Failed;
        }
    }

    /// <summary>The model served. Throws <see cref="ApiException"/> (503) while there is none.</summary>
    public ServedModel Require()
    {
        lock (_lock)
        {
            return Phase switch
            {
                ServingPhase.Serving => _model!,
                ServingPhase.Loading => throw ApiException.Unavailable("The model is being loaded.", "model_loading", LoadingRetry),
                ServingPhase.Failed => throw ApiException.Unavailable(
                    "The model can't be served; the server's log says why.", "model_failed", FailedRetry),
                _ => throw ApiException.Stopping(),
            };
        }
    }

    /// <summary>Begins a request for tokens. Throws <see cref="ApiException"/> (503) while there is no model to serve it.</summary>
    public Lease Enter()
    {
        lock (_lock)
        {
            var model = Require();
            _leases++;
            return new(this, model);
        }
    }

    /// <summary>Lets nobody in any more; the task ends when the last one is through.</summary>
    public Task StopAsync()
    {
        lock (_lock)
        {
            _phase = ServingPhase.Stopping;
            if (_leases == 0)
                _idle.TrySetResult();
            return _idle.Task;
        }
    }

    /// <summary>Lets the model go, after the last request is through.</summary>
    public async Task DisposeModelAsync()
    {
        ServedModel? model;
        lock (_lock)
            (model, _model) = (_model, null);
        if (model is not null)
            await model.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Ends running answers where they are.</summary>
    public void CutShort() => _cut.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _cut.Dispose();

    private void Leave()
    {
        lock (_lock)
        {
            if (--_leases == 0 && _phase == ServingPhase.Stopping)
                _idle.TrySetResult();
        }
    }

    /// <summary>One request for tokens under way.</summary>
    public sealed class Lease(ServingState state, ServedModel model) : IDisposable
    {
        private ServingState? _state = state;

        /// <summary>The model that serves it.</summary>
        public ServedModel Model { get; } = model;

        /// <summary>The request is through.</summary>
        public void Dispose() => Interlocked.Exchange(ref _state, null)?.Leave();
    }
}
