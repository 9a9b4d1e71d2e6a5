using System.Globalization;
using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// The CSV view of invoices, credit notes and self-billing documents (RFC 4180), for programs of finance: below one header a row for each
/// line, each tax, and the total of each document.
/// </summary>
public static class InvoiceCsv
{
    private const string Header =
        "number,kind,issued_on,due,period,seller,seller_name,seller_address,seller_country,seller_tax_id,buyer,buyer_name,buyer_address,"
        + "buyer_country,buyer_tax_id,credits,reason,currency,row,line,what,reference,model,app,service_period,receipts,prompt_tokens,"
        + "cached_tokens,generated_tokens,tax,parts_per_million,withheld,certificate,base,amount,rounding,total,payable";

    /// <summary>
    /// Rows of several documents. Texts that a spreadsheet would take for a formula begin with an apostrophe instead; numbers are exact and
    /// have a point in every culture.
    /// </summary>
    public static string ToCsv(IEnumerable<Invoice> invoices)
    {
        var csv = new StringBuilder(Header).Append("\r\n");
        foreach (var invoice in invoices)
            Append(csv, invoice);
        return csv.ToString();
    }

    private static void Append(StringBuilder csv, Invoice invoice)
    {
        var isSelfBill = invoice.Kind == InvoiceKind.SelfBill;
        string[] head =
        [
            invoice.Number, invoice.Kind.Name(), invoice.IssuedOn.Text(), invoice.Due.Text(), invoice.Period.ToString(),
            .. Cells(isSelfBill ? invoice.Recipient : invoice.Entity), .. Cells(isSelfBill ? invoice.Entity : invoice.Recipient),
            invoice.Credits ?? "", StatementCsv.Cell(invoice.Reason ?? ""), invoice.Currency.Code,
        ];
        for (var i = 0; i < invoice.Lines.Length; i++)
        {
            var line = invoice.Lines[i];
            Row(
                "line", Number(i + 1), line.Kind, StatementCsv.Cell(line.Reference ?? ""), StatementCsv.Cell(line.Model ?? ""),
                line.AppId ?? "", line.ServicePeriod.ToString(), Number(line.Receipts), Number(line.Counts.Prompt),
                Number(line.Counts.Cached), Number(line.Counts.Generated), "", "", "", "", "", line.Amount.Format(), "", "", "");
        }
        for (var i = 0; i < invoice.Taxes.Length; i++)
        {
            var (tax, taxed, amount) = invoice.Taxes[i];
            Row(
                "tax", Number(i + 1), "", "", "", "", "", "", "", "", "", StatementCsv.Cell(tax.Name), Number(tax.PartsPerMillion),
                tax.IsWithheld ? "yes" : "no", StatementCsv.Cell(tax.Certificate?.Number ?? ""), taxed.Format(), amount.Format(), "", "",
                "");
        }
        Row(
            "total", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", invoice.Net.Format(), invoice.Rounding.Format(),
            invoice.Total.Format(), invoice.Payable.Format());

        void Row(params string[] cells) => csv.AppendJoin(',', [.. head, .. cells]).Append("\r\n");
    }

    private static string[] Cells(BillingDetails details) =>
    [
        StatementCsv.Cell(details.Subject), StatementCsv.Cell(details.LegalName), StatementCsv.Cell(details.Address), details.Country,
        StatementCsv.Cell(details.TaxId ?? ""),
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
