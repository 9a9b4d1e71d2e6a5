using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Statements as a browser prints them.</summary>
public sealed class StatementPdfTests
{
    [ChromiumFact]
    public async Task What_finance_needs_is_on_the_printed_page_in_every_language()
    {
        foreach (var language in StatementLanguage.All)
        {
            var text = await Chromium.PrintAsync(StatementHtmlTests.Sampled("Hostess").ToHtml(language));
            string[] needed =
            [
                "Hostess", "pty_1", "2026-11", "2026-11-01", "2026-11/pty_1", "Hostess SA", "ES-1", "llama", "tender", "PE", "1234.5678", "12.50",
                "royalty", "20% × 1000.00", "-1000.00", "123.45", "617.28", "0.0049", "EUR",
            ];
            Assert.All(needed, field => Assert.Contains(field, text, StringComparison.Ordinal));
            // Letters that are joined are other characters in print; those of Latin are themselves.
            if (!language.IsRightToLeft)
                Assert.All(language.Words.Steps, step => Assert.Contains(step.Split(' ')[0], text, StringComparison.Ordinal));
        }
    }

    [ChromiumFact]
    public async Task Every_column_of_a_wide_table_is_on_the_page_and_the_sum_stands_once()
    {
        var sample = StatementHtmlTests.Sampled("Hostess");
        var wide = sample.Lines[0] with
        {
            Model = "llama-3.3-70b-instruct",
            AppId = "app_b0c1n4xq3j37",
            HostId = "pty_d60samxhjh5b",
            Counts = new(1_234_567_890, 987_654_321, 1_234_567_890),
            Gross = Eur("123456.123456789012"),
            Returned = Eur("23456.123456789012"),
            PartsPerMillion = 722_223,
            Amount = Eur("72222.300000000001"),
        };
        var statement = sample with { Zone = "America/Lima", Lines = [.. Enumerable.Repeat(wide, 60)] };
        foreach (var language in StatementLanguage.All)
        {
            var text = await Chromium.PrintAsync(statement.ToHtml(language));
            // Without its last parenthesis: in a right-to-left line whether that is read before or after the rest depends on the system's fonts.
            Assert.Contains("2026-11-30 (America/Lima", text, StringComparison.Ordinal);
            foreach (var cell in new[] { "2026-10", "123456.123456789012", "23456.123456789012", "72.2223%", "72222.300000000001" })
                Assert.True(text.Split(cell).Length > 60, $"{cell} in {language.Code}");
            // Not below each page's lines, as if it were theirs.
            Assert.Equal(2, text.Split("4333338.00000000006").Length);
        }
    }
}
