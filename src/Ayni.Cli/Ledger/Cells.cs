using System.Globalization;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>How values look in cells, and how they are read from the command line: the same in every country.</summary>
internal static class Cells
{
    private const int PartsOfAPercent = 10_000;

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number, or nothing.</summary>
    public static string? Number(long? number) => number is { } given ? Number(given) : null;

    /// <summary>An instant in UTC to the second.</summary>
    public static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A day.</summary>
    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Reads a day.</summary>
    public static DateOnly ParseDay(string text) =>
        CalendarText.TryParseDay(text, out var day)
            ? day
            : throw new UsageException($"'{text}' is no day; write 2026-12-01.");

    /// <summary>An instant in UTC, or nothing.</summary>
    public static string? Instant(DateTimeOffset? instant) => instant is { } given ? Instant(given) : null;

    /// <summary>Parts of a million as percent.</summary>
    public static string Percent(int partsPerMillion) =>
        ((decimal)partsPerMillion / PartsOfAPercent).ToString("0.####", CultureInfo.InvariantCulture) + "%";

    /// <summary>Percent, with at most four decimals and with or without its sign, in parts of a million.</summary>
    public static int ParsePercent(string text)
    {
        const int Whole = 100;
        var number = text.EndsWith('%') ? text[..^1] : text;
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) || percent > Whole
            || percent * PartsOfAPercent is var parts && parts != decimal.Truncate(parts))
            throw new UsageException($"'{text}' is no share; write percent with at most four decimals, such as 12.5%.");
        return (int)(percent * PartsOfAPercent);
    }

    /// <summary>An instant, or a day for its last one in the ledger's zone.</summary>
    public static DateTimeOffset ParseEnd(string text, LedgerZone zone) =>
        zone.TryParseEnd(text, out var instant) ? instant : throw NoInstant(text);

    /// <summary>An instant, or a day for its first one in the ledger's zone; null for null.</summary>
    public static DateTimeOffset? ParseStart(string? text, LedgerZone zone)
    {
        if (text is null)
            return null;
        return zone.TryParseStart(text, out var instant) ? instant : throw NoInstant(text);
    }

    private static UsageException NoInstant(string text) =>
        new($"'{text}': expected {CalendarText.Expected}.");
}
