using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// <c>/api/payouts</c>, <c>/api/payout-batches</c> and <c>/api/bank-reports</c>: what parties are paid, and what the bank says of it.
/// </summary>
internal static class PayoutEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listPayouts", "/api/payouts", "Payouts in the order they were ordered; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.Payout, call => call.Read(
                (after, limit) => call.Books.ListPayouts(call.Key.HolderId, after, limit), payout => payout.Id));
        api.Get("planPayouts", "/api/payouts/plan", "What could be paid now, and what waits.", OperationCatalog.Readers)
            .Query("currency", "The currency.").Query("entity", "The legal entity that pays; may be left out if there is one.")
            .Answers(LedgerJson.Default.PayoutPlan, call => call.Books.PlanPayouts(
                BodyValues.Currency("currency", call.Query("currency") ?? ""), call.Query("entity")));
        api.Post(
            "orderPayouts", "/api/payouts",
            "Order everything that can be paid, each document once. Where the ledger asks for four eyes, this proposes exactly that batch.",
            KeyRole.Finance)
            .Answers(RequestJson.Default.NewPayouts, LedgerJson.Default.PayoutBatch, (call, body) => call.Books.OrderPayoutsAsync(
                BodyValues.Currency("currency", body.Currency),
                body.ExecutionDate is { } day ? BodyValues.Day("execution_date", day) : null, body.Entity, call.Ended));
        api.Get(
            "getPayoutBatch", "/api/payout-batches/{batch}", "A batch of payouts, in JSON, CSV or as the bank's pain.001.001.09 message.",
            OperationCatalog.Readers)
            .Query("format", "json, csv or pain.001; json if not given.").Or("text/csv").Or("application/xml")
            .Handles(new("application/json", LedgerJson.Default.PayoutBatch), call =>
            {
                var batch = call.Books.FindPayoutBatch(call.Path("batch")) ?? throw ApiException.Unknown("batch", call.Path("batch"));
                return call.Query("format") switch
                {
                    null or "json" => call.WriteAsync(batch, LedgerJson.Default.PayoutBatch),
                    "csv" => call.WriteTextAsync(batch.ToCsv(), "text/csv"),
                    "pain.001" => call.WriteTextAsync(batch.ToPain001(), "application/xml"),
                    _ => throw ApiException.BadField("format", "must be json, csv or pain.001."),
                };
            });
        api.Post("markPayoutPaid", "/api/payouts/{payout}/paid", "Record that the bank paid a payout.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewBankEvent, LedgerJson.Default.Payout, (call, body) => call.Books.MarkPayoutPaidAsync(
                call.Path("payout"), body.BankReference, BodyValues.Day("value_date", body.ValueDate), call.Ended));
        api.Post(
            "returnPayout", "/api/payouts/{payout}/returned",
            "Record that the bank returned a payout; what it paid is payable again.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewBankEvent, LedgerJson.Default.Payout, (call, body) => call.Books.ReturnPayoutAsync(
                call.Path("payout"), body.BankReference, BodyValues.Day("value_date", body.ValueDate), body.Reason ?? "", call.Ended));
        api.Post(
            "importBankReport", "/api/bank-reports",
            "Take in what the bank says of payouts: ISO 20022 pain.002 (rejections), camt.053 or camt.054 (payments and returns). "
            + "Taking it in again changes nothing.",
            KeyRole.Finance)
            .TakesText("application/xml", "The bank's message.")
            .Answers(LedgerJson.Default.IReadOnlyListBankReportOutcome, async call => await call.Books.ImportBankReportAsync(
                BankReportReader.Read(await call.ReadBytesAsync().ConfigureAwait(false)), call.Ended).ConfigureAwait(false));
    }
}
