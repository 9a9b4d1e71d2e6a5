using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Ayni.Llama;

/// <summary>
/// Speaks to a hub that has the interface of Hugging Face's: <c>/api/models/OWNER/NAME</c>, its tree of files, and
/// <c>/OWNER/NAME/resolve/COMMIT/FILE</c>, which may lead to another server. Safe for many threads.
/// </summary>
public sealed class HubClient : IDisposable
{
    private const int MaxRedirects = 5;

    private readonly HubOptions _options;
    private readonly TimeProvider _clock;
    private readonly IProgress<HubWait>? _waits;
    private readonly HttpClient _http;

    /// <summary>Makes a client.</summary>
    /// <param name="options">The hub, and how it is spoken to.</param>
    /// <param name="clock">Measures the waits.</param>
    /// <param name="waits">Told of each wait before another attempt, from any thread.</param>
    /// <exception cref="HubException">The hub's address is not http(s), or a token would be sent to it without encryption.</exception>
    public HubClient(HubOptions options, TimeProvider clock, IProgress<HubWait>? waits = null)
    {
        if (!options.Hub.IsAbsoluteUri || !IsWeb(options.Hub))
            throw new HubException(HubFailure.Invalid, $"{options.Hub}: a hub's address starts with https:// or http://.");
        if (options.Token is { } token)
        {
            if (token.Length == 0 || token.Any(character => character is <= ' ' or > '~'))
                throw new HubException(HubFailure.Refused, "The hub's token is empty or holds characters that no token has.");
            if (options.Hub.Scheme != Uri.UriSchemeHttps && !options.Hub.IsLoopback)
                throw new HubException(
                    HubFailure.Refused, $"{options.Hub} is not encrypted, so a token is not sent there; use https:// or no token.");
        }
        _options = options;
        _clock = clock;
        _waits = waits;
        _http = new HttpClient(new SocketsHttpHandler
        {
            // Followed here, so that the token stays with the hub.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.SilenceLimit,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("ayni");
    }

    internal HubOptions Options => _options;

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Describes a repository's main branch.</summary>
    /// <exception cref="HubException">It is not there, gated, or the hub does not answer.</exception>
    public Task<HubRepository> ReadRepositoryAsync(HubReference reference, CancellationToken cancellationToken = default) =>
        new HubCatalog(this).ReadAsync(reference, cancellationToken);

    /// <summary>An address of the hub; the parts are escaped.</summary>
    internal Uri AddressOf(params IEnumerable<string> parts) =>
        new(_options.Hub.ToString().TrimEnd('/') + '/' + string.Join('/', parts.Select(Uri.EscapeDataString)));

    /// <summary>Does something until it succeeds, fails for good, or has failed in passing as often as is allowed.</summary>
    internal async Task<T> RetryAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (Exception error) when (AsPassing(error, cancellationToken) is { } passing)
            {
                await PauseAsync(failures, passing, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits before another attempt, longer each time or as the hub asked; throws after too many.</summary>
    internal async Task PauseAsync(int failures, PassingHubException error, CancellationToken cancellationToken)
    {
        if (failures >= _options.Attempts || error.Wait > _options.LongestDelay)
        {
            var wait = error.Wait is { } asked ? $" and asks to wait {asked.TotalSeconds:F0} s" : "";
            throw new HubException(
                HubFailure.Unavailable, $"{_options.Hub.Host}: {error.Message}{wait}; what is downloaded is kept, so try again later.", error);
        }
        var delay = error.Wait ?? _options.FirstDelay * Math.Pow(2, Math.Min(failures - 1, 16));
        if (delay > _options.LongestDelay)
            delay = _options.LongestDelay;
        _waits?.Report(new HubWait($"{_options.Hub.Host}: {error.Message}", delay, failures + 1, _options.Attempts));
        await Task.Delay(delay, _clock, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The failure of a connection as one that may pass; null for any other.</summary>
    internal PassingHubException? AsPassing(Exception error, CancellationToken cancellationToken) => error switch
    {
        PassingHubException passing => passing,
        HttpRequestException request => new PassingHubException($"the connection failed ({request.Message})", inner: request),
        // Of other input and output failures only the network's pass; a full disk's does not.
        IOException { InnerException: SocketException } or HttpIOException =>
            new PassingHubException($"the connection broke ({error.Message})", inner: error),
        OperationCanceledException when !cancellationToken.IsCancellationRequested =>
            new PassingHubException($"no answer for {_options.SilenceLimit.TotalSeconds:F0} s", inner: error),
        _ => null,
    };

    /// <summary>
    /// Asks once, follows redirects, and returns an answer of success. The token goes along only to the hub's own scheme, host and port.
    /// </summary>
    /// <param name="address">What to ask for.</param>
    /// <param name="range">The bytes wanted; null for all.</param>
    /// <param name="subject">What is asked for, in words.</param>
    /// <param name="reference">The repository it belongs to.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<HttpResponseMessage> SendAsync(
        Uri address, RangeHeaderValue? range, string subject, HubReference reference, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.SilenceLimit);
        for (var hops = 0; hops <= MaxRedirects; hops++)
        {
            var isHub = IsHub(address);
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Range = range;
            if (_options.Token is { } token && isHub)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                if ((int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location)
                    address = Follow(address, location);
                else
                    throw Failure(response, isHub, subject, reference);
            }
        }
        throw new HubException(HubFailure.Invalid, $"{_options.Hub.Host}: {subject}: more than {MaxRedirects} redirects.");
    }

    private static Uri Follow(Uri from, Uri location)
    {
        var to = location.IsAbsoluteUri ? location : new Uri(from, location);
        if (!IsWeb(to) || (from.Scheme == Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttps))
            throw new HubException(HubFailure.Invalid, $"{from.Host} redirects to {to.Scheme}://{to.Host}, which is not encrypted or not the web.");
        return to;
    }

    private Exception Failure(HttpResponseMessage response, bool isHub, string subject, HubReference reference)
    {
        var status = (int)response.StatusCode;
        if (status is 408 or 429 or >= 500)
            return new PassingHubException($"{subject}: the answer was {Describe(status)}", WaitOf(response));
        // Elsewhere an address was signed for a while, and a new one can be had.
        if (!isHub && status is 401 or 403)
            return new PassingHubException($"{subject}: the storage's answer was {Describe(status)}");
        var code = response.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.FirstOrDefault() : null;
        var page = AddressOf(reference.Owner, reference.Name);
        return (status, code) switch
        {
            (401 or 403, "GatedRepo") => new HubException(HubFailure.Gated, Gated(reference, page)),
            (404, "EntryNotFound") => new HubException(HubFailure.NotFound, $"{reference.Repository} has no {subject}."),
            (401 or 404, "RepoNotFound") or (404, _) => new HubException(
                HubFailure.NotFound,
                $"There is no {reference.Repository} on {_options.Hub.Host}, or it is private: "
                + "check the name, or give a token that may read it (HF_TOKEN)."),
            (401, _) => new HubException(
                HubFailure.Refused,
                _options.Token is null
                    ? $"{_options.Hub.Host} wants to know who asks for {reference.Repository}: give your token in HF_TOKEN."
                    : $"{_options.Hub.Host} does not accept the token; make a new one there and give it in HF_TOKEN."),
            (403, _) => new HubException(HubFailure.Refused, $"{_options.Hub.Host} refuses {reference.Repository} to this token; see {page}."),
            _ => new HubException(HubFailure.Invalid, $"{_options.Hub.Host}: {subject}: the answer was {Describe(status)}."),
        };
    }

    private string Gated(HubReference reference, Uri page) => _options.Token is null
        ? $"{reference.Repository} is given only to those who accepted its terms: accept them at {page}, then give your token in HF_TOKEN."
        : $"{reference.Repository} is given only to those who accepted its terms, and the token's owner has not (yet): see {page}.";

    private TimeSpan? WaitOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date - _clock.GetUtcNow() is var wait => wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private static string Describe(int status) =>
        $"{status.ToString(CultureInfo.InvariantCulture)} {(Enum.IsDefined((HttpStatusCode)status) ? (HttpStatusCode)status : "")}".TrimEnd();

    private bool IsHub(Uri address) =>
        Uri.Compare(address, _options.Hub, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static bool IsWeb(Uri address) => address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp;
}
