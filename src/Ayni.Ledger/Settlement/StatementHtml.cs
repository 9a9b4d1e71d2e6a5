using System.Globalization;
using System.Text;
using static Ayni.Ledger.PrintedPage;

namespace Ayni.Ledger;

/// <summary>
/// The print-ready view of statements: one page of HTML that is well-formed XML and needs nothing from elsewhere, each statement on sheets
/// of its own. Numbers are exact and look the same in every language, so that two prints can be held against each other; names are isolated
/// from the direction of the text around them.
/// </summary>
public static class StatementHtml
{
    /// <summary>One page with one statement.</summary>
    public static string ToHtml(this Statement statement, StatementLanguage language) => ToHtml([statement], language);

    /// <summary>One page with several statements.</summary>
    /// <param name="statements">The statements.</param>
    /// <param name="language">The language of their words.</param>
    /// <param name="objections">Objections, of which each statement shows its party's.</param>
    public static string ToHtml(
        IEnumerable<Statement> statements, StatementLanguage language, IReadOnlyList<Objection>? objections = null)
    {
        var html = new StringBuilder();
        Begin(html, language, language.Words.Title);
        foreach (var statement in statements)
            Append(html, statement, objections ?? [], language.Words);
        return End(html);
    }

    private static void Append(StringBuilder html, Statement statement, IReadOnlyList<Objection> objections, StatementWords words)
    {
        var isFinal = statement.Status == StatementStatus.Final;
        html.Append(CultureInfo.InvariantCulture, $"<article>\n<h1>{Escaped(words.Title)} {Isolated(statement.Period.ToString())}</h1>\n");
        html.Append(CultureInfo.InvariantCulture, $"<p class=\"{(isFinal ? "final" : "estimate")}\">");
        html.Append(CultureInfo.InvariantCulture, $"{Escaped(isFinal ? words.Final : words.Estimate)}</p>\n<dl>\n");
        Define(words.Party, statement.PartyName);
        Define(words.PartyId, statement.PartyId);
        DefineKnown(words.LegalName, statement.LegalName);
        DefineKnown(words.TaxId, statement.TaxId);
        DefineKnown(words.Address, statement.Address);
        DefineKnown(words.Territory, statement.Country);
        Define(words.Role, words.Roles[(int)statement.Role]);
        Define(words.Period, string.Create(
            CultureInfo.InvariantCulture,
            $"{statement.Period.Start:yyyy-MM-dd} – {statement.Period.End.AddDays(-1):yyyy-MM-dd} ({statement.Zone ?? LedgerZone.Utc.Id})"));
        Define(words.Reference, $"{statement.Period}/{statement.PartyId}");
        html.Append("</dl>\n");
        if (statement.Totals.IsEmpty)
            html.Append(CultureInfo.InvariantCulture, $"<p>{Escaped(words.Nothing)}</p>\n");
        foreach (var total in statement.Totals)
        {
            var lines = statement.Lines.Where(line => line.Currency == total.Currency).ToList();
            if (lines.Count > 0)
                AppendLines(html, lines, total, words);
        }
        foreach (var share in statement.Shares)
            AppendShare(html, share, words);
        if (!statement.Totals.IsEmpty)
            AppendTotals(html, statement, words);
        AppendObjections(html, [.. objections.Where(statement.IsDisputedBy)], words);
        html.Append("</article>\n");

        void DefineKnown(string term, string? value)
        {
            if (value is not null)
                Define(term, value);
        }

        void Define(string term, string value) => AppendDefinition(html, term, value);
    }

    private static void AppendLines(StringBuilder html, List<StatementLine> lines, PartyTotal total, StatementWords words)
    {
        var zero = Amount.Zero(total.Currency);
        // Columns that say nothing in most statements are left out where they do.
        var hasAdapter = lines.Exists(line => line.Adapter is not null);
        var hasHost = lines.Exists(line => line.HostId is not null);
        var hasTerritory = lines.Exists(line => line.Territory is not null);
        var hasReturned = lines.Exists(line => line.Returned is not null);
        html.Append("<table class=\"lines\">\n<thead>");
        AppendRow(
            html, "th",
            [
                words.Model, .. Optional(hasAdapter, words.Adapter), words.App, .. Optional(hasHost, words.Host),
                .. Optional(hasTerritory, words.Territory),
            ],
            [
                words.Agreement, words.Month, words.Requests, words.TokensIn, words.TokensCached, words.TokensOut, Of(words.Gross),
                .. Optional(hasReturned, Of(words.Returned)), words.Share, Of(words.Amount),
            ]);
        html.Append("</thead>\n<tbody>\n");
        foreach (var line in lines)
        {
            AppendRow(
                html, "td",
                [
                    line.Model, .. Optional(hasAdapter, line.Adapter ?? ""), line.AppId ?? words.NoApp,
                    .. Optional(hasHost, line.HostId ?? ""), .. Optional(hasTerritory, line.Territory ?? ""),
                ],
                [
                    Number(line.AgreementVersion), line.ServicePeriod.ToString(), Number(line.Receipts),
                    Number(line.Counts.Prompt + line.Counts.Cached), Number(line.Counts.Cached), Number(line.Counts.Generated),
                    line.Gross.Format(), .. Optional(hasReturned, line.Returned?.Format() ?? ""),
                    TermsText.Percent(line.PartsPerMillion) ?? "", line.Amount?.Format() ?? "",
                ]);
        }
        html.Append("</tbody>\n<tfoot>");
        var gross = lines.Aggregate(zero, (sum, line) => sum + line.Gross);
        var amount = lines.Aggregate(zero, (sum, line) => sum + (line.Amount ?? zero));
        AppendRow(
            html, "td", [words.Sum, .. Optional(hasAdapter, ""), "", .. Optional(hasHost, ""), .. Optional(hasTerritory, "")],
            [
                "", "", Number(lines.Sum(line => line.Receipts)), "", "", "", gross.Format(),
                .. Optional(hasReturned, lines.Aggregate(zero, (sum, line) => sum + (line.Returned ?? zero)).Format()), "", amount.Format(),
            ]);
        html.Append("</tfoot>\n</table>\n");

        string Of(string what) => $"{what} ({total.Currency})";

        static string[] Optional(bool isThere, string text) => isThere ? [text] : [];
    }

    private static void AppendShare(StringBuilder html, StatementShare share, StatementWords words)
    {
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Escaped(words.Agreement)} {Isolated(share.Agreement)} ");
        html.Append(CultureInfo.InvariantCulture, $"({Isolated(Number(share.AgreementVersion))}) · ");
        html.Append(CultureInfo.InvariantCulture, $"{(share.Share is { } name ? Isolated(name) : Escaped(words.Rest))}</h2>\n");
        html.Append("<table class=\"steps\">\n<thead>");
        AppendRow(html, "th", [words.Step, words.Detail], [$"{words.Amount} ({share.Currency})", $"{words.Result} ({share.Currency})"]);
        html.Append("</thead>\n<tbody>\n");
        foreach (var step in share.Steps)
            AppendRow(html, "td", [words.Steps[(int)step.Kind], step.Detail ?? ""], [step.Amount.Format(), step.Result.Format()]);
        html.Append("</tbody>\n</table>\n");
    }

    private static void AppendTotals(StringBuilder html, Statement statement, StatementWords words)
    {
        html.Append("<table class=\"totals\">\n<thead>");
        AppendRow(html, "th", [words.Currency], [words.CarryIn, words.Earned, words.Payable, words.CarryOut]);
        html.Append("</thead>\n<tbody>\n");
        foreach (var total in statement.Totals)
        {
            AppendRow(
                html, "td", [total.Currency.Code],
                [total.CarryIn.Format(), total.Earned.Format(), total.Payable.Format(), total.CarryOut.Format()]);
        }
        html.Append(CultureInfo.InvariantCulture, $"</tbody>\n</table>\n<p>{Escaped(words.Explanation)}</p>\n");
    }

    private static void AppendObjections(StringBuilder html, IReadOnlyList<Objection> objections, StatementWords words)
    {
        if (objections.Count == 0)
            return;
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Escaped(words.Objections)}</h2>\n<table class=\"objections\">\n<tbody>\n");
        foreach (var objection in objections)
        {
            var last = objection.Steps[^1];
            AppendRow(
                html, "td",
                [
                    objection.Id, objection.Reference, objection.Steps[0].Says, words.ObjectionStates[(int)objection.State],
                    last.Number > 1 ? last.Says : "", last.Correction ?? "",
                ],
                []);
        }
        html.Append("</tbody>\n</table>\n");
    }
}
