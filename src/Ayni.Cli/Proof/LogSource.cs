using System.Net;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>A log that is read where it is: a folder, or a web server.</summary>
internal sealed class LogSource : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient? _http;

    private LogSource(LogReader reader) => Reader = reader;

    private LogSource(Uri address)
    {
        // A log's files are small and where they are said to be: no redirects, no credentials, no other protocol.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = address,
            Timeout = Patience,
        };
        Reader = new LogReader(Fetch);
    }

    public LogReader Reader { get; }

    /// <summary>Opens a log at an address such as <c>https://example.com/log/</c>, or in a folder.</summary>
    public static LogSource Open(string place)
    {
        if (Uri.TryCreate(place, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            return new(place.EndsWith('/') ? address : new Uri(place + "/"));
        return Directory.Exists(place)
            ? new(LogReader.Of(place))
            : throw new UsageException($"'{place}' is neither a folder nor an address of the web.");
    }

    public void Dispose() => _http?.Dispose();

    private byte[]? Fetch(string name)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, name);
            using var response = _http!.Send(request, HttpCompletionOption.ResponseHeadersRead);
            if (response.StatusCode == HttpStatusCode.NotFound)
                return null;
            if (response.StatusCode != HttpStatusCode.OK)
                throw new UsageException($"The log's server answers {(int)response.StatusCode} for {name}.");
            using var body = response.Content.ReadAsStream();
            using var bytes = new MemoryStream();
            var buffer = new byte[1 << 14];
            while (body.Read(buffer) is var count and > 0)
            {
                if (bytes.Length + count > LogReader.MostBytes(name))
                    throw new UsageException($"The log's server sends more for {name} than it can have.");
                bytes.Write(buffer, 0, count);
            }
            return bytes.ToArray();
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            throw new UsageException($"The log can't be read ({error.Message}).");
        }
    }
}
