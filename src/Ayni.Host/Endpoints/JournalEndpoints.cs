using System.Globalization;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// <c>/api/receipts</c>, <c>/api/balances</c>, <c>/api/entries</c>, <c>/api/opening-balances</c> and <c>/api/actions</c>: what was used,
/// what was posted for it, and what operators did.
/// </summary>
internal static class JournalEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listReceipts", "/api/receipts", "Receipts, newest last; a customer's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .Query("period", "Only those that count in this month.").Query("key", "Only those of this key.")
            .Query("customer", "Only those of this customer.")
            .AnswersPage(LedgerJson.Default.Receipt, call =>
            {
                var customer = call.Query("customer") ?? call.Key.HolderId;
                call.DemandOwn(customer, () => ApiException.Unknown("customer", customer!));
                var page = call.Books.ListReceipts(new(call.QueryPeriod(), call.Query("key"), customer, call.AfterNumber, call.Limit));
                return new(page.Receipts, Next(page.Next));
            });
        api.Get(
            "getReceipt", "/api/receipts/{id}",
            "A receipt, by its own id, its request's or its answer's, with a field \"proof\" for 'ayni verify'; a customer's key sees "
            + "its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .Handles(new("application/json", LedgerJson.Default.Receipt), call =>
            {
                var signed = call.Books.FindSignedReceipt(RequestId.FromAnswerId(call.Path("id"))) ?? throw ApiException.UnknownReceipt();
                call.DemandOwn(signed.Receipt.CustomerId, ApiException.UnknownReceipt);
                return call.WriteAsync(signed, LedgerJson.Default.SignedReceipt);
            });
        api.Get(
            "listBalances", "/api/balances", "What accounts have come to, by name; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .Query("party", "Only this party's accounts.")
            .Query("at", "As of the end of this day, such as 2026-12-31, or of this instant; now if not given.")
            .AnswersPage(LedgerJson.Default.Balance, call =>
            {
                var party = call.Query("party") ?? call.Key.HolderId;
                call.DemandOwn(party, () => ApiException.Unknown("party", party!));
                var at = call.Query("at") is { } text ? BodyValues.End("at", text, call.Books.Zone) : (DateTimeOffset?)null;
                return call.Read(
                    (after, limit) => call.Books.ListBalances(party, after, limit, at), balance => $"{balance.Account} {balance.Currency}");
            });
        api.Get("listEntries", "/api/entries", "The journal's entries of a month, in order.", OperationCatalog.Readers)
            .Query("period", "The month, such as 2026-11.")
            .AnswersPage(LedgerJson.Default.Entry, call =>
            {
                var period = call.QueryPeriod() ?? throw ApiException.BadField("period", "is missing.");
                var page = call.Books.ListEntries(period, call.AfterNumber, call.Limit);
                return new(page.Entries, Next(page.Next));
            });
        api.Get(
            "exportJournal", "/api/periods/{period}/journal",
            "A month's entries as CSV, a row for each posting with the code of its account.", OperationCatalog.Readers)
            .Handles(new(AnswerForms.Csv, null), WriteJournalAsync);
        api.Post(
            "enterOpeningBalances", "/api/opening-balances",
            "Enter what accounts had come to before this ledger, from CSV with the columns reference, account, currency and amount: all or "
            + "nothing, and a reference once. The answer has the entries that are new.",
            KeyRole.Finance)
            .Query("at_end_of", "The month at whose end they stood; the last one if not given.")
            .TakesText("text/csv", "A header, then a balance in each row.")
            .Answers<IReadOnlyList<Entry>>(LedgerJson.Default.IReadOnlyListEntry, async call =>
            {
                using var text = new StringReader(await call.ReadTextAsync().ConfigureAwait(false));
                return await call.Books.EnterOpeningBalancesAsync(
                    OpeningBalance.ReadCsv(text), call.QueryPeriod("at_end_of"), call.Ended).ConfigureAwait(false);
            });
        api.Get("listActions", "/api/actions", "What operators changed, when and with which key, newest last.", OperationCatalog.Readers)
            .Query("subject", "Only what was done to the party, customer, key, … of this id.")
            .AnswersPage(LedgerJson.Default.OperatorAction, call =>
            {
                var page = call.Books.ListActions(call.Query("subject"), call.AfterNumber, call.Limit);
                return new(page.Actions, Next(page.Next));
            });
    }

    private static async Task WriteJournalAsync(ApiCall call)
    {
        var period = call.PathPeriod();
        await call.WriteTextAsync(JournalCsv.Header, AnswerForms.Csv).ConfigureAwait(false);
        for (long? after = 0; after is { } start;)
        {
            call.Ended.ThrowIfCancellationRequested();
            var page = call.Books.ListEntries(period, start);
            using var rows = new StringWriter();
            foreach (var entry in page.Entries)
                JournalCsv.Write(entry, rows);
            await call.AppendTextAsync(rows.ToString()).ConfigureAwait(false);
            after = page.Next;
        }
    }

    private static string? Next(long? next) => next?.ToString(CultureInfo.InvariantCulture);
}
