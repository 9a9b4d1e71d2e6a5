using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// The zone whose days and months are the ledger's, UTC unless another was chosen before the first receipt. A day begins at the first
/// instant at which its midnight is reached: the earlier one where clocks are set back over midnight, so that no day and no month begins
/// twice, and the instant of the change where they are set forward over it. Immutable.
/// </summary>
public sealed class LedgerZone
{
    private readonly TimeZoneInfo _zone;

    private LedgerZone(TimeZoneInfo zone, string id) => (_zone, Id) = (zone, id);

    /// <summary>Coordinated universal time.</summary>
    public static LedgerZone Utc { get; } = new(TimeZoneInfo.Utc, "UTC");

    /// <summary>Its name in the IANA time zone database, such as <c>Africa/Nairobi</c>.</summary>
    public string Id { get; }

    /// <summary>
    /// Finds a zone by its IANA name. Throws <see cref="LedgerRefusedException"/> (<see cref="Refusal.UnknownZone"/>) for any other.
    /// </summary>
    public static LedgerZone Find(string id)
    {
        if (id == Utc.Id)
            return Utc;
        // An IANA name of a place has a slash; abbreviations such as CET are rules of no place in particular and are left out.
        if (id.Contains('/', StringComparison.Ordinal) && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.HasIanaId)
            return new(zone, id);
        throw new LedgerRefusedException(
            Refusal.UnknownZone,
            $"There is no zone '{id}' here; give the IANA name of a place, such as Africa/Nairobi, or UTC. Machines need time zone data (tzdata).");
    }

    /// <summary>The month an instant lies in.</summary>
    public Period PeriodOf(DateTimeOffset instant)
    {
        if (ReferenceEquals(this, Utc))
            return Period.Of(instant);
        var day = DayOf(instant);
        return new(day.Year, day.Month);
    }

    /// <summary>The day an instant lies in.</summary>
    public DateOnly DayOf(DateTimeOffset instant)
    {
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, _zone).DateTime);
        // Between a midnight and its repetition the clock shows the day before again; the day has begun all the same.
        return instant >= StartOf(day.AddDays(1)) ? day.AddDays(1) : day;
    }

    /// <summary>The first instant of a month.</summary>
    public DateTimeOffset StartOf(Period period) => StartOf(new DateOnly(period.Year, period.Month, 1));

    /// <summary>The first instant of a day.</summary>
    public DateTimeOffset StartOf(DateOnly day)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        if (_zone.IsInvalidTime(midnight))
            return ChangeBefore(midnight);
        var offset = _zone.IsAmbiguousTime(midnight) ? _zone.GetAmbiguousTimeOffsets(midnight).Max() : _zone.GetUtcOffset(midnight);
        return new DateTimeOffset(midnight, offset).ToUniversalTime();
    }

    /// <summary>When the clocks were set forward over a midnight.</summary>
    private DateTimeOffset ChangeBefore(DateTime midnight)
    {
        var (before, after) = (new DateTimeOffset(midnight, TimeSpan.Zero).AddDays(-1), new DateTimeOffset(midnight, TimeSpan.Zero).AddDays(1));
        while (after - before > TimeSpan.FromTicks(1))
        {
            var middle = before + (after - before) / 2;
            if (TimeZoneInfo.ConvertTime(middle, _zone).DateTime < midnight)
                before = middle;
            else
                after = middle;
        }
        return after;
    }

    /// <summary>An instant as the zone's clocks show it, such as <c>2026-11-30 23:00 Africa/Nairobi</c>.</summary>
    public string Show(DateTimeOffset instant) =>
        string.Create(CultureInfo.InvariantCulture, $"{TimeZoneInfo.ConvertTime(instant, _zone):yyyy-MM-dd HH:mm} {Id}");

    /// <inheritdoc/>
    public override string ToString() => Id;

    /// <summary>Reads an instant, or a day for its first instant in the zone; false for anything else.</summary>
    public bool TryParseStart([NotNullWhen(true)] string? text, out DateTimeOffset instant)
    {
        if (!CalendarText.TryParseDay(text, out var day))
            return CalendarText.TryParseInstant(text, out instant);
        instant = StartOf(day);
        return true;
    }

    /// <summary>Reads an instant, or a day for its last microsecond in the zone; false for anything else.</summary>
    public bool TryParseEnd([NotNullWhen(true)] string? text, out DateTimeOffset instant)
    {
        if (!CalendarText.TryParseDay(text, out var day))
            return CalendarText.TryParseInstant(text, out instant);
        instant = StartOf(day.AddDays(1)).AddMicroseconds(-1);
        return true;
    }
}
