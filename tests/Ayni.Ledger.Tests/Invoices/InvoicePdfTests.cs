namespace Ayni.Ledger.Tests;

/// <summary>Invoices as a browser prints them.</summary>
public sealed class InvoicePdfTests
{
    [ChromiumFact]
    public async Task What_finance_needs_is_on_the_printed_page_in_every_language()
    {
        foreach (var language in StatementLanguage.All)
        {
            var text = await Chromium.PrintAsync(InvoiceHtml.ToHtml(
                [InvoiceHtmlTests.Sample(InvoiceKind.Invoice), InvoiceHtmlTests.Sample(InvoiceKind.SelfBill)], language));
            Assert.All(
                InvoiceHtmlTests.Needed.Concat(["AYNI-SB-2026-000007", "WHT", "15%", "-1.51", "10.65", "6166"]),
                field => Assert.Contains(field, text, StringComparison.Ordinal));
            // Letters that are joined are other characters in print; those of Latin are themselves.
            var words = InvoiceWords.In(language);
            if (!language.IsRightToLeft)
                Assert.All(
                    (string[])[words.Invoice, words.SelfBill, words.Seller, words.Buyer, words.Due, words.Total, words.Payable, words.Rounding],
                    word => Assert.Contains(word, text, StringComparison.Ordinal));
        }
    }
}
