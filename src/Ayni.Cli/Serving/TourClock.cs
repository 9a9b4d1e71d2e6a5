namespace Ayni.Cli;

/// <summary>A calendar that stands still until it is moved; waiting and measuring take the machine's own time.</summary>
internal sealed class TourClock(DateTimeOffset start) : TimeProvider
{
    private readonly DateTimeOffset _start = start;
    private long _ticks;

    public override DateTimeOffset GetUtcNow() => _start.AddTicks(Interlocked.Read(ref _ticks));

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    public void AdvanceTo(DateTimeOffset instant) => Advance(instant - GetUtcNow());
}
