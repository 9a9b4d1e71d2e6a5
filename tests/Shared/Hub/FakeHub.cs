using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ayni.Tests;

/// <summary>A file on the fake hub.</summary>
internal sealed record FakeFile(byte[] Content, bool IsLarge)
{
    /// <summary>What the hub says its digest is; a test may lie.</summary>
    public string Digest { get; init; } = IsLarge
        ? Convert.ToHexStringLower(SHA256.HashData(Content))
#pragma warning disable CA5350 // Git's own.
        : Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {Content.Length}\0")), .. Content]));
#pragma warning restore CA5350
}

/// <summary>A request for a file's content, as the storage sees it.</summary>
internal sealed record FakeRequest(string Path, long From, long To, int Number, string? Authorization);

/// <summary>
/// A server on this machine that behaves as Hugging Face's hub does, with one repository: its interface on one port, and the storage of
/// large files on another, to which it redirects. A test decides what goes wrong.
/// </summary>
internal sealed class FakeHub : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentQueue<FakeRequest> _requests = new();
    private int _storagePort;
    private int _apiRequests;
    private long _bytesSent;

    private FakeHub(WebApplication application) => _application = application;

    public const string Repository = "ada/Tiny-GGUF";

    public Uri Address { get; private set; } = new("http://localhost");

    public ConcurrentDictionary<string, FakeFile> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>The commit of main.</summary>
    public string Commit { get; set; } = new('a', 40);

    /// <summary>Who may read; null is everybody.</summary>
    public string? Token { get; set; }

    /// <summary>The code with which others are refused.</summary>
    public string RefusalCode { get; set; } = "GatedRepo";

    /// <summary>Files on a page of the list.</summary>
    public int PageSize { get; set; } = 1000;

    /// <summary>Whether the storage gives ranges.</summary>
    public bool GivesRanges { get; set; } = true;

    /// <summary>Answers an interface's request itself by its number, from 1; true ends it.</summary>
    public Func<int, HttpContext, bool> OnApi { get; set; } = (_, _) => false;

    /// <summary>Answers a request for content itself; true ends it.</summary>
    public Func<FakeRequest, HttpContext, bool> OnContent { get; set; } = (_, _) => false;

    /// <summary>How many bytes of an answer are sent before the connection is cut; null for all.</summary>
    public Func<FakeRequest, long?> CutsAfter { get; set; } = _ => null;

    /// <summary>Waited for before each 64 KiB of content.</summary>
    public Func<FakeRequest, long, CancellationToken, Task> Pace { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Requests for content so far.</summary>
    public IReadOnlyCollection<FakeRequest> Requests => _requests;

    /// <summary>Bytes of content sent so far.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    public static async Task<FakeHub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var application = builder.Build();
        var hub = new FakeHub(application);
        application.Run(hub.AnswerAsync);
        await application.StartAsync();
        var ports = application.Urls.Select(url => new Uri(url).Port).ToArray();
        hub.Address = new Uri(FormattableString.Invariant($"http://127.0.0.1:{ports[0]}"));
        hub._storagePort = ports[1];
        return hub;
    }

    /// <summary>Adds a large file of random bytes.</summary>
    public byte[] Add(string path, int bytes, int seed = 1)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        Files[path] = new FakeFile(content, IsLarge: true);
        return content;
    }

    /// <summary>Adds a small file, which is in Git itself.</summary>
    public void Add(string path, string text) => Files[path] = new FakeFile(Encoding.UTF8.GetBytes(text), IsLarge: false);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (context.Connection.LocalPort == _storagePort)
        {
            await SendContentAsync(context, path["/storage/".Length..]);
            return;
        }
        if (OnApi(Interlocked.Increment(ref _apiRequests), context))
            return;
        if (Token is not null && context.Request.Headers.Authorization != $"Bearer {Token}")
            Refuse(context, context.Request.Headers.Authorization.Count == 0 ? 401 : 403, RefusalCode);
        else if (path == $"/api/models/{Repository}")
            await context.Response.WriteAsync($$$"""{"id":"{{{Repository}}}","sha":"{{{Commit}}}","gated":false,"cardData":{"license":"llama3.2"}}""");
        else if (path == $"/api/models/{Repository}/tree/{Commit}")
            await SendTreeAsync(context);
        else if (path.StartsWith($"/{Repository}/resolve/{Commit}/", StringComparison.Ordinal))
            await ResolveAsync(context, path[$"/{Repository}/resolve/{Commit}/".Length..]);
        else
            Refuse(context, 404, "RepoNotFound");
    }

    private async Task SendTreeAsync(HttpContext context)
    {
        var start = int.Parse(context.Request.Query["cursor"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
        var page = Files.OrderBy(file => file.Key, StringComparer.Ordinal).Skip(start).Take(PageSize).Select(file => System.Text.Json.JsonSerializer.Serialize<object>(
            file.Value.IsLarge
                ? new { type = "file", path = file.Key, size = file.Value.Content.Length, oid = new string('b', 40), lfs = new { oid = file.Value.Digest, size = file.Value.Content.Length } }
                : new { type = "file", path = file.Key, size = file.Value.Content.Length, oid = file.Value.Digest }));
        if (start + PageSize < Files.Count)
            context.Response.Headers.Link = FormattableString.Invariant($"<{Address}api/models/{Repository}/tree/{Commit}?recursive=true&cursor={start + PageSize}>; rel=\"next\"");
        await context.Response.WriteAsync($$"""[{"type":"directory","path":"folder","oid":"{{new string('c', 40)}}","size":0}{{string.Concat(page.Select(entry => "," + entry))}}]""");
    }

    private async Task ResolveAsync(HttpContext context, string path)
    {
        if (!Files.TryGetValue(path, out var file))
            Refuse(context, 404, "EntryNotFound");
        else if (file.IsLarge)
            context.Response.Redirect(FormattableString.Invariant($"http://127.0.0.1:{_storagePort}/storage/{path}?signature=secret"));
        else
            await SendContentAsync(context, path);
    }

    private async Task SendContentAsync(HttpContext context, string path)
    {
        var content = Files[path].Content;
        var range = context.Request.GetTypedHeaders().Range?.Ranges.Single();
        var (from, to) = GivesRanges && range is not null ? (range.From!.Value, range.To!.Value + 1) : (0L, content.Length);
        var request = new FakeRequest(path, from, to, _requests.Count + 1, context.Request.Headers.Authorization);
        _requests.Enqueue(request);
        if (OnContent(request, context))
            return;
        if (GivesRanges && range is not null)
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = FormattableString.Invariant($"bytes {from}-{to - 1}/{content.Length}");
        }
        context.Response.ContentLength = to - from;
        var cut = CutsAfter(request);
        try
        {
            for (var position = from; position < to;)
            {
                await Pace(request, position, context.RequestAborted);
                var count = Math.Min(1 << 16, to - position);
                if (cut is { } limit)
                    count = Math.Min(count, from + limit - position);
                // Counted first: a client may have got them, and its test looked, before this goes on.
                Interlocked.Add(ref _bytesSent, count);
                await context.Response.Body.WriteAsync(content.AsMemory((int)position, (int)count), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                position += count;
                if (position - from >= cut)
                {
                    context.Abort();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client went away.
        }
    }

    private static void Refuse(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        context.Response.Headers["X-Error-Code"] = code;
    }
}
