using System.Globalization;

namespace Ayni.Ledger.Tests;

/// <summary>Runs code under cultures whose calendars, digits and signs differ from the invariant ones.</summary>
internal static class Cultures
{
    public static TheoryData<string> Names => ["ar-SA", "fa-IR", "de-DE"];

    public static void Run(string name, Action action)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = Create(name);
        try
        {
            action();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static CultureInfo Create(string name)
    {
        try
        {
            return new(name);
        }
        catch (CultureNotFoundException)
        {
            // Under invariant globalization no other culture exists; its numbers can still be made strange.
            var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            strange.NumberFormat.NumberDecimalSeparator = "٫";
            strange.NumberFormat.NegativeSign = "~";
            return strange;
        }
    }
}
