using Ayni.Ledger;
using Microsoft.Net.Http.Headers;

namespace Ayni.Host;

/// <summary><c>/api/periods</c>, <c>/api/statements</c> and <c>/api/earnings</c>: the months, their close, and what everyone earned.</summary>
internal static class PeriodEndpoints
{
    private const string Json = "application/json", Csv = "text/csv", Html = "text/html";

    /// <summary>Months of earnings shown where no number is given, and at most.</summary>
    private const int StandardMonths = 3, MostMonths = 24;

    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listPeriods", "/api/periods", "The months with entries and how far they are.", [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.PeriodState, call => call.Cut(call.Books.ListPeriods(), state => state.Period.ToString()));
        api.Get("getSettlement", "/api/periods/{period}", "What a month comes to for every party; an estimate until it is closed.", OperationCatalog.Readers)
            .Answers(LedgerJson.Default.PeriodSettlement, call => call.Books.Settle(call.PathPeriod()));
        api.Post(
            "closePeriod", "/api/periods/{period}/close",
            "Close a month after its end: share out what it earned and make whole coins payable. Closing it again changes nothing.",
            KeyRole.Finance)
            .Answers(LedgerJson.Default.PeriodSettlement, call => call.Books.ClosePeriodAsync(call.PathPeriod(), call.Ended));

        Negotiated(api.Get(
            "listStatements", "/api/statements/{period}", "Every party's statement of a month, in JSON (an array), CSV or HTML.",
            OperationCatalog.Readers))
            .Handles(new(Json, LedgerJson.Default.IReadOnlyListStatement), call => WriteAsync(call, call.Books.Statements(call.PathPeriod()), one: false));
        Negotiated(api.Get(
            "getStatement", "/api/statements/{period}/{party}", "A party's statement of a month, in JSON, CSV or HTML; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party]))
            .Handles(new(Json, LedgerJson.Default.Statement), call =>
            {
                var party = call.Path("party");
                call.DemandOwn(party, () => ApiException.Unknown("party", party));
                return WriteAsync(call, [call.Books.Statement(call.PathPeriod(), party)], one: true);
            });
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
                return call.Books.EarningsOf(party, call.QueryNumber("months", 1, MostMonths) ?? StandardMonths);
            });
    }

    private static Operation Negotiated(Operation operation) => operation
        .Query("format", "json, csv or html; else what the Accept header prefers.")
        .Query("language", $"Of HTML: {string.Join(", ", StatementLanguage.All.Select(language => language.Code))}; English if not given.")
        .Or(Csv).Or(Html);

    private static Task WriteAsync(ApiCall call, IReadOnlyList<Statement> statements, bool one)
    {
        var code = call.Query("language") ?? StatementLanguage.English.Code;
        var language = StatementLanguage.Find(code)
            ?? throw ApiException.BadField("language", $"must be one of {string.Join(", ", StatementLanguage.All.Select(known => known.Code))}.");
        call.Context.Response.Headers.Vary = HeaderNames.Accept;
        switch (FormOf(call))
        {
            case Csv:
                return call.WriteTextAsync(StatementCsv.ToCsv(statements), Csv);
            case Html:
                // A statement needs its own style and nothing else, whatever its names hold.
                call.Context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
                return call.WriteTextAsync(StatementHtml.ToHtml(statements, language, call.Books.ListObjections(call.PathPeriod())), Html);
            default:
                return one
                    ? call.WriteAsync(statements[0], LedgerJson.Default.Statement)
                    : call.WriteAsync(statements, LedgerJson.Default.IReadOnlyListStatement);
        }
    }

    /// <summary>The form asked for by name, or else the one that the Accept header likes best (RFC 9110, 12.5.1); JSON if it says nothing.</summary>
    private static string FormOf(ApiCall call)
    {
        switch (call.Query("format"))
        {
            case null:
                break;
            case "json":
                return Json;
            case "csv":
                return Csv;
            case "html":
                return Html;
            default:
                throw ApiException.BadField("format", "must be json, csv or html.");
        }
        var header = call.Context.Request.Headers.Accept;
        if (header.Count == 0 || !MediaTypeHeaderValue.TryParseList(header, out var accepted))
            return Json;
        var best = (Form: Json, Quality: 0.0);
        foreach (var form in (string[])[Json, Csv, Html])
        {
            var type = new MediaTypeHeaderValue(form);
            // The most exact range that covers the form says how much it is liked.
            var quality = accepted.Where(type.IsSubsetOf).OrderBy(range => range.MatchesAllTypes).ThenBy(range => range.MatchesAllSubTypes)
                .Select(range => range.Quality ?? 1).FirstOrDefault();
            if (quality > best.Quality)
                best = (form, quality);
        }
        return best.Quality > 0 ? best.Form : throw ApiException.NotAcceptable();
    }
}
