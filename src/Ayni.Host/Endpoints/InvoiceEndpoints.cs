using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/invoices</c>: invoices, credit notes and self-billing documents.</summary>
internal static class InvoiceEndpoints
{
    private const string Kinds = "invoice, credit_note or self_bill; every kind if not given.";

    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listInvoices", "/api/invoices",
            "Invoices, credit notes and self-billing documents, oldest first; a customer's or party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer, KeyRole.Party])
            .Query("kind", Kinds)
            .Query("period", "Of this month.")
            .AnswersPage(LedgerJson.Default.Invoice, call =>
            {
                var (kind, period) = (KindOf(call), call.QueryPeriod());
                return call.Read(
                    (after, limit) => call.Books.ListInvoices(kind, period, call.Key.HolderId, after, limit), invoice => invoice.Number);
            });
        AnswerForms.Negotiated(api.Get(
            "getInvoice", "/api/invoices/{number}",
            "An invoice by its number, in JSON, CSV or HTML to print; a customer's or party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer, KeyRole.Party]))
            .Handles(new(AnswerForms.Json, LedgerJson.Default.Invoice), call =>
            {
                var number = call.Path("number");
                var invoice = call.Books.FindInvoice(number) ?? throw ApiException.Unknown("invoice", number);
                call.DemandOwn(invoice.Recipient.Subject, () => ApiException.Unknown("invoice", number));
                return WriteAsync(call, [invoice], one: true);
            });
        AnswerForms.Negotiated(api.Get(
            "exportInvoices", "/api/periods/{period}/invoices",
            "A month's invoices with their lines and taxes, in JSON, CSV or HTML to print.", OperationCatalog.Readers))
            .Query("kind", Kinds)
            .Handles(new(AnswerForms.Json, LedgerJson.Default.IReadOnlyListInvoice), call => WriteAsync(
                call,
                [
                    .. (KindOf(call) is { } only ? [only] : Enum.GetValues<InvoiceKind>())
                        .SelectMany(kind => call.Books.ListInvoices(kind, call.PathPeriod())),
                ],
                one: false));
        api.Post(
            "issueInvoices", "/api/periods/{period}/invoices",
            "Issue a closed month's invoices, and those in the parties' names. Issuing them again changes nothing.", KeyRole.Finance)
            .Query("entity", "The legal entity that issues them; may be left out if there is one.")
            .Answers(LedgerJson.Default.IReadOnlyListInvoice, call =>
                call.Books.IssueInvoicesAsync(call.PathPeriod(), call.Query("entity"), call.Ended));
        api.Post(
            "creditInvoice", "/api/invoices/{number}/credit", "Issue a credit note for an invoice or parts of its lines.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewCreditNote, LedgerJson.Default.Invoice, (call, body) =>
            {
                var number = call.Path("number");
                var invoice = call.Books.FindInvoice(number) ?? throw ApiException.Unknown("invoice", number);
                return body.Lines is null
                    ? call.Books.CreditInvoiceAsync(number, body.Reason, body.Reference, call.Ended)
                    : call.Books.CreditInvoiceAsync(
                        number,
                        [.. body.Lines.Select(line => (line.Line - 1, BodyValues.Amount("lines.amount", line.Amount, invoice.Currency)))],
                        body.Reason, body.Reference, call.Ended);
            });
    }

    private static InvoiceKind? KindOf(ApiCall call) => call.Query("kind") is not { } name ? null
        : InvoiceKindNames.TryParse(name, out var kind) ? kind
        : throw ApiException.BadField("kind", "must be invoice, credit_note or self_bill.");

    private static Task WriteAsync(ApiCall call, IReadOnlyList<Invoice> invoices, bool one)
    {
        var language = AnswerForms.LanguageOf(call);
        return AnswerForms.Of(call) switch
        {
            AnswerForms.Csv => call.WriteTextAsync(InvoiceCsv.ToCsv(invoices), AnswerForms.Csv),
            AnswerForms.Html => AnswerForms.WritePageAsync(
                call, InvoiceHtml.ToHtml(invoices.Select(call.Books.ToPrintable), language)),
            _ => one
                ? call.WriteAsync(invoices[0], LedgerJson.Default.Invoice)
                : call.WriteAsync(invoices, LedgerJson.Default.IReadOnlyListInvoice),
        };
    }
}
