using System.Globalization;
using System.Net;
using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// What printed documents share: a page of HTML that is well-formed XML and needs nothing from elsewhere, each document on sheets of its
/// own. Numbers look the same in every language, and values are isolated from the direction of the text around them.
/// </summary>
internal static class PrintedPage
{
    private const string Style =
        """
        body { font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans Arabic", sans-serif; color: #111; margin: 2rem auto; max-width: 62rem;
          padding: 0 1rem }
        h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.1rem; margin: 1.5rem 0 0; break-after: avoid }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1.5rem; margin: 1rem 0 }
        dt { color: #555 } dd { margin: 0 }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: 0.8rem }
        th, td { border-bottom: 1px solid #bbb; padding: 0.3rem 0.4rem; text-align: start; vertical-align: top }
        th.number, td.number { text-align: end; font-variant-numeric: tabular-nums } td.number bdi { white-space: nowrap }
        tfoot td { font-weight: bold }
        thead { display: table-header-group } tfoot { display: table-row-group } tr { break-inside: avoid }
        .estimate { border: 2px solid #b00; color: #b00; padding: 0.3rem 0.6rem }
        @page { size: A4 landscape; margin: 15mm }
        @media print { body { margin: 0; padding: 0; max-width: none } article + article { break-before: page }
          table.lines:has(th:nth-child(11)) { font-size: 0.57rem } table.lines:has(th:nth-child(15)) { font-size: 0.5rem }
          table.lines th.number { width: 1% } table.lines td { overflow-wrap: anywhere } }
        """;

    /// <summary>Begins a page.</summary>
    public static void Begin(StringBuilder html, StatementLanguage language, string title)
    {
        html.Append(CultureInfo.InvariantCulture, $"<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"{language.Code}\"");
        html.Append(CultureInfo.InvariantCulture, $" dir=\"{(language.IsRightToLeft ? "rtl" : "ltr")}\">\n<head>\n<meta charset=\"utf-8\"/>\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width\"/>\n");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Escaped(title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n");
    }

    /// <summary>Ends a page; its lines end alike on every system.</summary>
    public static string End(StringBuilder html) => html.Append("</body>\n</html>\n").ToString().ReplaceLineEndings("\n");

    /// <summary>A term and its value, of a list of such.</summary>
    public static void AppendDefinition(StringBuilder html, string term, string value) =>
        html.Append(CultureInfo.InvariantCulture, $"<dt>{Escaped(term)}</dt><dd>{Isolated(value)}</dd>\n");

    /// <summary>A row of a table.</summary>
    public static void AppendRow(StringBuilder html, string cell, IEnumerable<string> texts, IEnumerable<string> numbers)
    {
        html.Append("<tr>");
        foreach (var text in texts)
            html.Append(CultureInfo.InvariantCulture, $"<{cell}>{Isolated(text)}</{cell}>");
        foreach (var number in numbers)
            html.Append(CultureInfo.InvariantCulture, $"<{cell} class=\"number\">{Isolated(number)}</{cell}>");
        html.Append("</tr>\n");
    }

    /// <summary>A value whose own direction does not disturb the text around it.</summary>
    public static string Isolated(string text) => text.Length == 0 ? "" : $"<bdi>{Escaped(text)}</bdi>";

    /// <summary>Text, escaped.</summary>
    public static string Escaped(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A number as it looks in every language.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
