namespace Ayni.Bench;

/// <summary>The system's clock, some time off, so that a month can be filled and closed at once.</summary>
internal sealed class ShiftedClock(DateTimeOffset start) : TimeProvider
{
    private TimeSpan _shift = start - DateTimeOffset.UtcNow;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + _shift;

    public void JumpTo(DateTimeOffset instant) => _shift = instant - DateTimeOffset.UtcNow;
}
