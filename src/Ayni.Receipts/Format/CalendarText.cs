using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Ayni.Receipts;

/// <summary>
/// The days and instants that people write, the same in every country: of the Gregorian calendar, in years that are no slips of the hand.
/// </summary>
public static class CalendarText
{
    /// <summary>The years that are believed.</summary>
    public const int FirstYear = 1970, LastYear = 2999;

    /// <summary>What is read as the beginning or the end of something, in words for whoever wrote something else.</summary>
    public static string Expected { get; } =
        string.Create(CultureInfo.InvariantCulture, $"a day such as 2026-12-01 or an instant such as 2026-12-01T08:00:00Z, from {FirstYear} to {LastYear}");

    private static readonly string[] InstantFormats = ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Reads a day such as <c>2026-12-01</c>; false for anything else.</summary>
    public static bool TryParseDay(ReadOnlySpan<char> text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) && IsBelieved(day.Year);

    /// <summary>
    /// Reads an instant with its offset such as <c>2026-11-27T09:30:00Z</c>, in UTC; false for anything else. Without an offset nobody
    /// knows whose clock it was.
    /// </summary>
    public static bool TryParseInstant([NotNullWhen(true)] string? text, out DateTimeOffset instant)
    {
        instant = default;
        return text is { Length: > 6 } && (text[^1] == 'Z' || text[^6] is '+' or '-')
            && DateTimeOffset.TryParseExact(
                text, InstantFormats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out instant)
            && IsBelieved(instant.Year);
    }

    /// <summary>Whether a year is no slip of the hand.</summary>
    internal static bool IsBelieved(int year) => year is >= FirstYear and <= LastYear;

    /// <summary>A day such as <c>2026-12-01</c>.</summary>
    internal static string Text(this DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
