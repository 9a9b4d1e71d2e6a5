using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Receipts;

/// <summary>A calendar month of the Gregorian calendar in the zone of its ledger, written <c>2026-11</c> in every culture.</summary>
[JsonConverter(typeof(PeriodJsonConverter))]
public readonly record struct Period : IComparable<Period>
{
    /// <summary>A month. Throws <see cref="ArgumentOutOfRangeException"/> outside the years 1970 to 9998 and the months 1 to 12.</summary>
    public Period(int year, int month)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(year, 1970);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(year, 9998);
        ArgumentOutOfRangeException.ThrowIfLessThan(month, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(month, 12);
        Year = year;
        Month = month;
    }

    /// <summary>The last month there is a place for.</summary>
    internal static Period Last { get; } = new(9998, 12);

    /// <summary>The Gregorian year.</summary>
    public int Year { get; }

    /// <summary>1 to 12.</summary>
    public int Month { get; }

    /// <summary>Its first instant in UTC.</summary>
    public DateTimeOffset Start => new(Year, Month, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The first instant after it in UTC.</summary>
    public DateTimeOffset End => Next.Start;

    /// <summary>The month after.</summary>
    public Period Next => Month == 12 ? new(Year + 1, 1) : new(Year, Month + 1);

    /// <summary>The month an instant lies in in UTC.</summary>
    public static Period Of(DateTimeOffset instant) => new(instant.UtcDateTime.Year, instant.UtcDateTime.Month);

    /// <summary>
    /// Reads four digits, a hyphen and two digits, in a year that <see cref="CalendarText"/> believes. Throws
    /// <see cref="PeriodFormatException"/> for anything else.
    /// </summary>
    public static Period Parse(string text) => TryParse(text, out var period) ? period : throw new PeriodFormatException(text);

    /// <summary>Reads what <see cref="Parse"/> reads; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Period period)
    {
        period = default;
        if (text is not { Length: 7 } || text[4] != '-'
            || !int.TryParse(text.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var year)
            || !int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var month)
            || !CalendarText.IsBelieved(year) || month is < 1 or > 12)
            return false;
        period = new(year, month);
        return true;
    }

    /// <summary>Earlier months first.</summary>
    public int CompareTo(Period other) => (Year, Month).CompareTo((other.Year, other.Month));

    /// <summary>Whether a month lies before another.</summary>
    public static bool operator <(Period left, Period right) => left.CompareTo(right) < 0;

    /// <summary>Whether a month lies after another.</summary>
    public static bool operator >(Period left, Period right) => left.CompareTo(right) > 0;

    /// <summary>Whether a month lies before another or is the same.</summary>
    public static bool operator <=(Period left, Period right) => left.CompareTo(right) <= 0;

    /// <summary>Whether a month lies after another or is the same.</summary>
    public static bool operator >=(Period left, Period right) => left.CompareTo(right) >= 0;

    /// <summary>Such as <c>2026-11</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Year:D4}-{Month:D2}");
}

/// <summary>A text that is no period.</summary>
public sealed class PeriodFormatException(string? text)
    : LedgerException($"'{text}' is no period; write the year and the month of the Gregorian calendar, such as 2026-11, "
        + $"from {CalendarText.FirstYear} to {CalendarText.LastYear}.");

/// <summary>Writes a period as text.</summary>
internal sealed class PeriodJsonConverter : JsonConverter<Period>
{
    public override Period Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, Period value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
