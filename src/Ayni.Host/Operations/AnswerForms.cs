using Ayni.Ledger;
using Microsoft.Net.Http.Headers;

namespace Ayni.Host;

/// <summary>Answers that come as JSON, CSV or a page to print, as the client likes.</summary>
internal static class AnswerForms
{
    public const string Json = "application/json", Csv = "text/csv", Html = "text/html";

    /// <summary>An operation whose answer comes in these forms.</summary>
    public static Operation Negotiated(Operation operation) => operation
        .Query("format", "json, csv or html; else what the Accept header prefers.")
        .Query("language", $"Of HTML: {string.Join(", ", StatementLanguage.All.Select(language => language.Code))}; English if not given.")
        .Or(Csv).Or(Html);

    /// <summary>The language asked for. Throws <see cref="ApiException"/> (400) for one that there is not.</summary>
    public static StatementLanguage LanguageOf(ApiCall call) => call.Query("language") is not { } code
        ? StatementLanguage.English
        : StatementLanguage.Find(code)
            ?? throw ApiException.BadField(
                "language", $"must be one of {string.Join(", ", StatementLanguage.All.Select(known => known.Code))}.");

    /// <summary>Writes a page, which may hold its own style and nothing else, whatever its names hold.</summary>
    public static Task WritePageAsync(ApiCall call, string html)
    {
        call.Context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        return call.WriteTextAsync(html, Html);
    }

    /// <summary>
    /// The form asked for by name, or else the one that the Accept header likes best (RFC 9110, 12.5.1); JSON if it says nothing.
    /// </summary>
    public static string Of(ApiCall call)
    {
        call.Context.Response.Headers.Vary = HeaderNames.Accept;
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
