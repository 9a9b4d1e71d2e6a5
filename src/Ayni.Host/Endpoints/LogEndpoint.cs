using Ayni.Ledger;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>
/// <c>GET /log/…</c>: the transparency log's files, as C2SP's tlog-tiles names them. Everybody may read them: they name models and parties'
/// ids, but no customer, no receipt and no sum.
/// </summary>
internal sealed class LogEndpoint(Books books)
{
    private const string Immutable = "public, max-age=31536000, immutable";

    public async Task GetAsync(HttpContext context)
    {
        var name = context.Request.RouteValues["path"] as string ?? "";
        if (books.LogFolderPath is not { } folder || !LogReader.IsFile(name)
            || await ReadAsync(Path.Combine(folder, name)).ConfigureAwait(false) is not { } bytes)
            throw ApiException.UnknownRoute(context.Request);
        var isTile = name is not (LogReader.CheckpointName or LogReader.CosignedName);
        context.Response.ContentType = isTile ? "application/octet-stream" : "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = isTile ? Immutable : "no-store";
        await context.Response.BodyWriter.WriteAsync(bytes, CancellationToken.None).ConfigureAwait(false);
    }

    private static async Task<byte[]?> ReadAsync(string path)
    {
        try
        {
            return await File.ReadAllBytesAsync(path).ConfigureAwait(false);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
