using System.Text;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// <c>/api/periods</c>, <c>/api/statements</c> and <c>/api/earnings</c>: the months, their close, and what everyone earned.
/// </summary>
internal static class PeriodEndpoints
{
    /// <summary>Months of earnings shown where no number is given, and at most.</summary>
    private const int StandardMonths = 3, MostMonths = 24;

    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listPeriods", "/api/periods", "The months with entries and how far they are.", [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.PeriodState, call => call.Read(
                (after, limit) => Cut(call.Books.ListPeriods(), after, limit), state => state.Period.ToString()));
        api.Get("getSettlement", "/api/periods/{period}", "What a month comes to for every party; an estimate until it is closed.", OperationCatalog.Readers)
            .Answers(LedgerJson.Default.PeriodSettlement, call => call.Books.Settle(call.PathPeriod()));
        api.Post(
            "closePeriod", "/api/periods/{period}/close",
            "Close a month after its end: share out what it earned and make whole coins payable. Closing it again changes nothing.",
            KeyRole.Finance)
            .Answers(LedgerJson.Default.PeriodSettlement, call => call.Books.ClosePeriodAsync(call.PathPeriod(), call.Ended));

        AnswerForms.Negotiated(api.Get(
            "listStatements", "/api/statements/{period}", "Every party's statement of a month, in JSON (an array), CSV or HTML.",
            OperationCatalog.Readers))
            .Handles(new(AnswerForms.Json, LedgerJson.Default.IReadOnlyListStatement), call => WriteAsync(call, call.Books.Statements(call.PathPeriod()), one: false));
        AnswerForms.Negotiated(api.Get(
            "getStatement", "/api/statements/{period}/{party}", "A party's statement of a month, in JSON, CSV or HTML; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party]))
            .Handles(new(AnswerForms.Json, LedgerJson.Default.Statement), call =>
            {
                var party = call.Path("party");
                call.DemandOwn(party, () => ApiException.Unknown("party", party));
                return WriteAsync(call, [call.Books.Statement(call.PathPeriod(), party)], one: true);
            });
        api.Get(
            "listStatementReceipts", "/api/statements/{period}/{party}/receipts",
            "The receipts of a statement's lines, without their customers, each with what commits to it once the month is closed. A page is of so many "
            + "receipts of the month, and may be empty while another one follows. A party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.OpenedReceipt, call =>
            {
                var party = call.Path("party");
                call.DemandOwn(party, () => ApiException.Unknown("party", party));
                var (receipts, next) = call.Books.ListStatementReceipts(call.PathPeriod(), party, call.AfterNumber, call.Limit);
                return new(receipts, next?.ToString(System.Globalization.CultureInfo.InvariantCulture));
            });
        api.Get(
            "proveStatement", "/api/statements/{period}/{party}/proof",
            "A party's statement of a closed month with what proves it, for 'ayni verify'; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .Handles(new(AnswerForms.Json, null), call =>
            {
                var party = call.Path("party");
                call.DemandOwn(party, () => ApiException.Unknown("party", party));
                return call.WriteTextAsync(Encoding.UTF8.GetString(call.Books.ProveStatement(call.PathPeriod(), party)), AnswerForms.Json);
            });
        api.Get(
            "proveAbsence", "/api/periods/{period}/absences/{receipt}",
            "A proof that a closed month counts no receipt of some id, for 'ayni verify'; refused if the month counts it.", OperationCatalog.Readers)
            .Query("currency", "The currency of the month's tree.")
            .Handles(new(AnswerForms.Json, null), call => call.WriteTextAsync(
                Encoding.UTF8.GetString(call.Books.ProveAbsence(
                    call.PathPeriod(), BodyValues.Currency("currency", call.Query("currency") ?? ""), call.Path("receipt"))), AnswerForms.Json));
        api.Get(
            "getEarnings", "/api/earnings",
            "What a party earns, newest month first: estimates of open months, then what closed ones came to; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .Query("party", "The party; only a party's key may leave it out.")
            .Query("months", $"At most so many months, 1 to {MostMonths}; {StandardMonths} if not given.")
            .Answers(LedgerJson.Default.PartyEarnings, call =>
            {
                var party = call.Query("party") ?? call.Key.HolderId ?? throw ApiException.BadField("party", "is missing.");
                call.DemandOwn(party, () => ApiException.Unknown("party", party));
                return call.Books.EarningsOf(party, call.QueryNumber("months", 1, MostMonths) ?? StandardMonths, call.Ended);
            });
    }

    /// <summary>The months are no list in the database: there is one for every month since the first with anything to close.</summary>
    private static IReadOnlyList<PeriodState> Cut(IReadOnlyList<PeriodState> all, string after, int limit) =>
        [.. all.Where(state => string.CompareOrdinal(state.Period.ToString(), after) > 0).Take(limit)];

    private static Task WriteAsync(ApiCall call, IReadOnlyList<Statement> statements, bool one)
    {
        var language = AnswerForms.LanguageOf(call);
        return AnswerForms.Of(call) switch
        {
            AnswerForms.Csv => call.WriteTextAsync(StatementCsv.ToCsv(statements), AnswerForms.Csv),
            AnswerForms.Html => AnswerForms.WritePageAsync(
                call, StatementHtml.ToHtml(statements, language, call.Books.ListObjections(call.PathPeriod()))),
            _ => one
                ? call.WriteAsync(statements[0], LedgerJson.Default.Statement)
                : call.WriteAsync(statements, LedgerJson.Default.IReadOnlyListStatement),
        };
    }
}
