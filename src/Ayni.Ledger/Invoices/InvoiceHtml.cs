using System.Globalization;
using System.Text;
using static Ayni.Ledger.PrintedPage;

namespace Ayni.Ledger;

/// <summary>
/// The print-ready view of invoices, credit notes and self-billing documents, each on sheets of its own, with all that finance departments
/// and tax authorities ask of one (Directive 2006/112/EC, article 226): number, dates, both sides' names, addresses and tax numbers, what
/// was supplied, taxes with rates and bases, totals, terms of payment. The same each time: it shows nothing that came after its issue.
/// </summary>
public static class InvoiceHtml
{
    /// <summary>One page with several documents.</summary>
    public static string ToHtml(IEnumerable<PrintableInvoice> invoices, StatementLanguage language)
    {
        var words = InvoiceWords.In(language);
        var all = invoices.ToList();
        var html = new StringBuilder();
        Begin(html, language, all is [var only] ? $"{TitleOf(only.Invoice, words)} {only.Invoice.Number}" : words.Invoice);
        foreach (var invoice in all)
            Append(html, invoice, words);
        return End(html);
    }

    private static string TitleOf(Invoice invoice, InvoiceWords words) => invoice.Kind switch
    {
        InvoiceKind.CreditNote => words.CreditNote,
        InvoiceKind.SelfBill => words.SelfBill,
        _ => words.Invoice,
    };

    private static void Append(StringBuilder html, PrintableInvoice printable, InvoiceWords words)
    {
        var invoice = printable.Invoice;
        html.Append(CultureInfo.InvariantCulture, $"<article>\n<h1>{Escaped(TitleOf(invoice, words))} {Isolated(invoice.Number)}</h1>\n");
        if (invoice.Kind == InvoiceKind.SelfBill)
            html.Append(CultureInfo.InvariantCulture, $"<p>{Escaped(words.SelfBillNote)}</p>\n");
        html.Append("<dl>\n");
        AppendDefinition(html, words.Number, invoice.Number);
        AppendDefinition(html, words.Issued, invoice.IssuedOn.Text());
        AppendDefinition(html, words.Period, string.Create(
            CultureInfo.InvariantCulture, $"{invoice.Period.Start:yyyy-MM-dd} – {invoice.Period.End.AddDays(-1):yyyy-MM-dd}"));
        if (invoice.Credits is { } credited)
        {
            AppendDefinition(html, words.Credits, credited);
            AppendDefinition(html, words.Reason, invoice.Reason ?? "");
        }
        else
        {
            AppendDefinition(html, words.Due, invoice.Due.Text());
            AppendDefinition(html, words.Terms, string.Format(CultureInfo.InvariantCulture, words.Days, invoice.Recipient.DueDays));
        }
        AppendDefinition(html, words.Shared.Currency, invoice.Currency.Code);
        // A party sells what it is paid for, though the entity writes the document.
        var isSelfBill = invoice.Kind == InvoiceKind.SelfBill;
        AppendSide(html, words.Seller, isSelfBill ? invoice.Recipient : invoice.Entity, words);
        AppendSide(html, words.Buyer, isSelfBill ? invoice.Entity : invoice.Recipient, words);
        if (printable.PayTo is { } account)
            AppendDefinition(html, words.Account, $"{account.Holder}, {account.Iban}{(account.Bic is { } bic ? $", {bic.Text}" : "")}");
        html.Append("</dl>\n");
        AppendLines(html, invoice, words);
        AppendTotals(html, invoice, words);
        html.Append("</article>\n");
    }

    private static void AppendSide(StringBuilder html, string side, BillingDetails details, InvoiceWords words)
    {
        string[] known = [details.LegalName, details.Address, details.Country];
        AppendDefinition(html, side, $"{string.Join(", ", known.Where(part => part.Length > 0))} ({details.Subject})");
        if (details.TaxId is { } taxId)
            AppendDefinition(html, words.Shared.TaxId, taxId);
    }

    private static void AppendLines(StringBuilder html, Invoice invoice, InvoiceWords words)
    {
        html.Append("<table class=\"lines\">\n<thead>");
        AppendRow(
            html, "th", [words.Line, words.What, words.Shared.Model, words.Shared.App, words.Shared.Month],
            [words.Shared.Requests, words.Shared.TokensIn, words.Shared.TokensOut, $"{words.Amount} ({invoice.Currency})"]);
        html.Append("</thead>\n<tbody>\n");
        for (var i = 0; i < invoice.Lines.Length; i++)
        {
            var line = invoice.Lines[i];
            var counts = line.Counts;
            AppendRow(
                html, "td", [Number(i + 1), words.NameOf(line.Kind), line.Model ?? "", line.AppId ?? "", line.ServicePeriod.ToString()],
                [
                    line.Receipts == 0 ? "" : Number(line.Receipts), line.Receipts == 0 ? "" : Number(counts.Prompt + counts.Cached),
                    line.Receipts == 0 ? "" : Number(counts.Generated), line.Amount.Format(),
                ]);
        }
        html.Append("</tbody>\n</table>\n");
    }

    private static void AppendTotals(StringBuilder html, Invoice invoice, InvoiceWords words)
    {
        html.Append("<table class=\"totals\">\n<thead>");
        AppendRow(html, "th", [words.Tax], [words.Rate, words.Base, $"{words.Amount} ({invoice.Currency})"]);
        html.Append("</thead>\n<tbody>\n");
        AppendRow(html, "td", [words.Net], ["", "", invoice.Net.Format()]);
        foreach (var tax in invoice.Taxes.Where(tax => !tax.Tax.IsWithheld))
            AppendTax(tax, tax.Tax.Name, tax.Amount);
        if (invoice.Rounding.Sign != 0)
            AppendRow(html, "td", [words.Rounding], ["", "", invoice.Rounding.Format()]);
        AppendRow(html, "td", [words.Total], ["", "", invoice.Total.Format()]);
        foreach (var tax in invoice.Taxes.Where(tax => tax.Tax.IsWithheld))
        {
            var certificate = tax.Tax.Certificate is { } by ? $", {words.Certificate} {by.Number}" : "";
            AppendTax(tax, $"{tax.Tax.Name} ({words.Withheld}{certificate})", -tax.Amount);
        }
        html.Append("</tbody>\n<tfoot>");
        AppendRow(html, "td", [words.Payable], ["", "", $"{invoice.Payable.Format()} {invoice.Currency}"]);
        html.Append("</tfoot>\n</table>\n");

        void AppendTax(TaxLine tax, string name, Amount amount) => AppendRow(
            html, "td", [name], [TermsText.Percent(tax.Tax.PartsPerMillion) ?? "", tax.Base.Format(), amount.Format()]);
    }
}
