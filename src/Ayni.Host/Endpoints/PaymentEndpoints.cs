using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/payments</c> and <c>/api/refunds</c>: money from and to customers.</summary>
internal static class PaymentEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get("listPayments", "/api/payments", "Payments, refunds and reversals, oldest first.", OperationCatalog.Readers)
            .Query("customer", "Of this customer.")
            .AnswersPage(LedgerJson.Default.Payment, call => call.Read(
                (after, limit) => call.Books.ListPayments(call.Query("customer"), after, limit), payment => payment.Id));
        api.Post(
            "recordPayment", "/api/payments",
            "Record money that a customer paid. The same bank reference recorded again gives the first payment.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewPayment, LedgerJson.Default.Payment, (call, body) => call.Books.RecordPaymentAsync(
                body.CustomerId, Money(body), body.BankReference, BodyValues.Day("value_date", body.ValueDate), call.Ended));
        api.Post(
            "recordRefund", "/api/refunds", "Record money given back to a customer, out of what it paid too much.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewPayment, LedgerJson.Default.Payment, (call, body) => call.Books.RecordRefundAsync(
                body.CustomerId, Money(body), body.BankReference, BodyValues.Day("value_date", body.ValueDate), call.Ended));
        api.Post("reversePayment", "/api/payments/{payment}/reverse", "Record that the bank took a payment back.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewBankEvent, LedgerJson.Default.Payment, (call, body) => call.Books.ReversePaymentAsync(
                call.Path("payment"), body.BankReference, BodyValues.Day("value_date", body.ValueDate), call.Ended));
        api.Post(
            "importPayments", "/api/payments/import",
            "Record a bank's file of payments: CSV with the columns bank_reference, date, amount, currency and customer or invoice. It is "
            + "read as a whole first; importing it again changes nothing.",
            KeyRole.Finance)
            .TakesText("text/csv", "A header, then a payment in each row.")
            .Answers(LedgerJson.Default.IReadOnlyListPayment, async call =>
            {
                using var text = new StringReader(await call.ReadTextAsync().ConfigureAwait(false));
                return await call.Books.ImportPaymentsAsync(PaymentsCsv.Read(text), call.Ended).ConfigureAwait(false);
            });
    }

    private static Amount Money(NewPayment body) =>
        BodyValues.Amount("amount", body.Amount, BodyValues.Currency("currency", body.Currency));
}
