using System.Globalization;

namespace Ayni.Ledger.Tests;

/// <summary>
/// That the suite really runs in the culture that it is asked to: the build server runs all of it in each of them, by LC_ALL, and once
/// without any.
/// </summary>
public sealed class CultureTests
{
    [CultureFact]
    public void The_suite_runs_in_the_culture_it_was_asked_for()
    {
        if (CultureFactAttribute.Culture == "invariant")
        {
            Assert.Equal(CultureInfo.InvariantCulture, CultureInfo.CurrentCulture);
            Assert.Throws<CultureNotFoundException>(() => new CultureInfo("de-DE"));
            return;
        }
        Assert.Equal(CultureFactAttribute.Culture, CultureInfo.CurrentCulture.Name);
        // What a program writes that forgets to say which culture it means.
        var (month, number) = CultureFactAttribute.Culture switch
        {
            "ar-SA" => ("1448-06", "1٫5"),
            "fa-IR" => ("1405-09", "1٫5"),
            _ => ("2026-11", "1,5"),
        };
        Assert.Equal(month, new DateTime(2026, 11, 27).ToString("yyyy-MM", CultureInfo.CurrentCulture));
        Assert.Equal(number, 1.5.ToString(CultureInfo.CurrentCulture));
    }

    /// <summary>A test that needs AYNI_CULTURE, the culture that the process was started in.</summary>
    private sealed class CultureFactAttribute : Xunit.FactAttribute
    {
        public CultureFactAttribute() => Skip = Culture is null ? "AYNI_CULTURE names no culture that the suite was started in." : null;

        public static string? Culture => Environment.GetEnvironmentVariable("AYNI_CULTURE");
    }
}
