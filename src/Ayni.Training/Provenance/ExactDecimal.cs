using System.Globalization;

namespace Ayni.Training;

/// <summary>Numbers of a fixed count of decimal places, as texts: <c>0.250000</c>. One number has one text.</summary>
internal static class ExactDecimal
{
    /// <summary>Places of weights and contributors' parts.</summary>
    public const int MillionthPlaces = 6;

    /// <summary>Places of shares: those of money in the ledger.</summary>
    public const int SharePlaces = 12;

    /// <summary>One, in units of a share.</summary>
    public const long WholeShare = 1_000_000_000_000;

    private const int MostDigits = 18;

    /// <summary>A number in millionths, of which it has a whole count.</summary>
    public static long Millionths(double value) => (long)Math.Round(value * 1_000_000);

    /// <summary>The text of a count of units, 0 or more.</summary>
    public static string Write(long units, int places)
    {
        var digits = units.ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        return $"{digits[..^places]}.{digits[^places..]}";
    }

    /// <summary>The units of a text that <see cref="Write"/> writes; null for any other.</summary>
    public static long? Read(string text, int places)
    {
        var digits = text.Replace(".", "", StringComparison.Ordinal);
        return digits.Length is > 0 and <= MostDigits
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var units) && Write(units, places) == text
            ? units
            : null;
    }
}
