using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>
/// The name of one request: in the answer's headers, in the log, on the receipt. Always the server's own, never the client's.
/// </summary>
internal static class RequestId
{
    private const string Prefix = "req_";

    private static readonly object Key = new();

    /// <summary>Names a request and says the name in the response's headers.</summary>
    public static void Assign(HttpContext context, DateTimeOffset now)
    {
        // Ordered by time (RFC 9562, version 7), so that neighbours in the ledger's index are neighbours in time.
        var id = $"{Prefix}{Guid.CreateVersion7(now):N}";
        context.Items[Key] = id;
        context.Response.Headers["Ayni-Request-Id"] = id;
        context.Response.Headers["X-Request-Id"] = id;
    }

    /// <summary>The request's name.</summary>
    public static string Of(HttpContext context) => (string)context.Items[Key]!;

    /// <summary>The id of an answer to a request, such as <c>chatcmpl-…</c>.</summary>
    public static string ToAnswerId(string requestId, string answerPrefix) => answerPrefix + requestId[Prefix.Length..];

    /// <summary>The request's name again, where the id may be that of its answer: what OpenAI's clients show is the latter.</summary>
    public static string FromAnswerId(string id)
    {
        foreach (var shape in CompletionShape.All)
        {
            if (id.StartsWith(shape.IdPrefix, StringComparison.Ordinal))
                return Prefix + id[shape.IdPrefix.Length..];
        }

        return id;
    }
}
