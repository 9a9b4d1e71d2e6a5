namespace Ayni.Host;

/// <summary>Until when a request may take, from its arrival on.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly CancellationTokenSource _source;

    public Deadline(TimeSpan limit, TimeProvider clock)
    {
        _clock = clock;
        _start = clock.GetTimestamp();
        _source = new CancellationTokenSource(limit, clock);
        Limit = limit;
    }

    /// <summary>How long the request may take.</summary>
    public TimeSpan Limit { get; private set; }

    /// <summary>Cancelled when the time is up.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the time is up.</summary>
    public bool HasPassed => _source.IsCancellationRequested;

    /// <summary>Takes the client's own limit, also counted from the arrival; a longer one than the host's changes nothing.</summary>
    public void Shorten(TimeSpan limit)
    {
        if (limit >= Limit)
            return;
        Limit = limit;
        var left = limit - _clock.GetElapsedTime(_start);
        _source.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    public void Dispose() => _source.Dispose();
}
