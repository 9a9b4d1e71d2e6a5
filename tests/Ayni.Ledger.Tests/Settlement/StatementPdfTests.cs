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
}
