using System.Net;

namespace Ayni.Cli;

/// <summary>
/// A log that is read where it is: a folder, or a web server. A server has a time for each file, and one for all of them.
/// </summary>
internal sealed class LogSource : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), PatienceInAll = TimeSpan.FromMinutes(10);

    private readonly HttpClient? _http;
    private readonly TimeSpan _patience;
    private readonly CancellationTokenSource? _all;

    private LogSource(LogReader reader) => Reader = reader;

    private LogSource(Uri address, TimeSpan patience)
    {
        _patience = patience;
        _all = new(PatienceInAll);
        // A log's files are small and where they are said to be: no redirects, no credentials, no other protocol.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        Reader = new LogReader(Fetch);
    }

    public LogReader Reader { get; }

    /// <summary>Opens a log at an address such as <c>https://example.com/log/</c>, or in a folder.</summary>
    /// <param name="place">The address or folder.</param>
    /// <param name="patience">How long a file may take, to its last byte; half a minute by default.</param>
    public static LogSource Open(string place, TimeSpan? patience = null)
    {
        if (Uri.TryCreate(place, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            return new(place.EndsWith('/') ? address : new Uri(place + "/"), patience ?? Patience);
        return Directory.Exists(place)
            ? new(LogReader.Of(place))
            : throw new UsageException($"'{place}' is neither a folder nor an address of the web.");
    }

    public void Dispose()
    {
        _http?.Dispose();
        _all?.Dispose();
    }

    /// <summary>One of the log's files; null if it has none of the name.</summary>
    public byte[]? Fetch(string name)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_all!.Token);
        limit.CancelAfter(_patience);
        try
        {
            return FetchAsync(name, limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            throw new UsageException(
                _all.IsCancellationRequested ? $"The log's server takes longer than {PatienceInAll.TotalMinutes} minutes for all its files."
                    : $"The log's server takes longer than {_patience.TotalSeconds} s for {name}.");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new UsageException($"The log can't be read ({error.Message}).");
        }
    }

    private async Task<byte[]?> FetchAsync(string name, CancellationToken cancellationToken)
    {
        using var response = await _http!.GetAsync(name, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        if (response.StatusCode != HttpStatusCode.OK)
            throw new UsageException($"The log's server answers {(int)response.StatusCode} for {name}.");
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 14];
        while (await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var count and > 0)
        {
            if (bytes.Length + count > LogReader.MostBytes(name))
                throw new UsageException($"The log's server sends more for {name} than it can have.");
            bytes.Write(buffer, 0, count);
        }
        return bytes.ToArray();
    }
}
