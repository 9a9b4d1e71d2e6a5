using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Ayni.Ledger;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>
/// Sends what is in the ledger's outbox while the host runs. Each connection goes to an address that was looked up and found public just
/// before, so that no name can lead inside (DNS rebinding), and no redirection is followed.
/// </summary>
internal sealed class WebhookSender : BackgroundService
{
    private const int AtOnce = 16;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(10);

    private readonly Books _books;
    private readonly TimeProvider _clock;
    private readonly ILogger<WebhookSender> _logger;
    private readonly bool _allowsPrivate;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpClient _client;

    public WebhookSender(Books books, HostOptions options, TimeProvider clock, ILogger<WebhookSender> logger)
        : this(books, options.PrivateWebhooks, Dns.GetHostAddressesAsync, clock, logger)
    {
    }

    /// <summary>A sender that looks names up in the caller's way.</summary>
    internal WebhookSender(
        Books books, bool allowsPrivate, Func<string, CancellationToken, Task<IPAddress[]>> resolve, TimeProvider clock,
        ILogger<WebhookSender> logger)
    {
        _books = books.As("host");
        _allowsPrivate = allowsPrivate;
        _resolve = resolve;
        _clock = clock;
        _logger = logger;
        _client = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = Patience,
            // A kept connection leads where it was checked to; a new one is checked anew.
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = ConnectAsync,
        })
        {
            Timeout = Patience,
            MaxResponseContentBufferSize = 1,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new("Ayni", null));
    }

    public override void Dispose()
    {
        _client.Dispose();
        base.Dispose();
    }

    /// <summary>Sends what is due now. Returns how many were tried.</summary>
    internal async Task<int> SendDueAsync(CancellationToken cancellationToken)
    {
        var due = await _books.TakeDeliveriesAsync(AtOnce, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(due.Select(delivery => SendAsync(delivery, cancellationToken))).ConfigureAwait(false);
        return due.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await SendDueAsync(stoppingToken).ConfigureAwait(false) == 0)
                    await Task.Delay(Pause, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (LedgerException error)
            {
                _logger.OutboxUnreadable(error.Message);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SendAsync(DueDelivery delivery, CancellationToken cancellationToken)
    {
        var (delivered, result) = await TryAsync(delivery, cancellationToken).ConfigureAwait(false);
        if (!delivered)
            _logger.WebhookFailed(delivery.WebhookId, delivery.EventId, result);
        await _books.NoteDeliveryAsync(delivery, delivered, result, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(bool Delivered, string Result)> TryAsync(DueDelivery delivery, CancellationToken cancellationToken)
    {
        if (delivery.Url.Scheme != Uri.UriSchemeHttps && !_allowsPrivate)
            return (false, "refused: not https");
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url)
            {
                Content = new ByteArrayContent(Encoding.UTF8.GetBytes(delivery.Body)),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
            request.Headers.Add(WebhookSignature.Header, WebhookSignature.Sign(delivery.Secret, delivery.Body, _clock.GetUtcNow()));
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                .ConfigureAwait(false);
            var status = (int)response.StatusCode;
            return status switch
            {
                >= 200 and < 300 => (true, FormattableString.Invariant($"{status}")),
                >= 300 and < 400 => (false, FormattableString.Invariant($"{status}: redirections are not followed")),
                _ => (false, FormattableString.Invariant($"{status}")),
            };
        }
        catch (HttpRequestException error) when (error.InnerException is AddressRefusedException refused)
        {
            return (false, refused.Message);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return (false, "unreachable");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, "no answer in time");
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.DnsEndPoint;
        var addresses = IPAddress.TryParse(endpoint.Host, out var literal)
            ? [literal]
            : await _resolve(endpoint.Host, cancellationToken).ConfigureAwait(false);
        // One inside is enough to refuse them all: who owns the name chose them.
        if (!_allowsPrivate && addresses.FirstOrDefault(address => !PublicAddress.IsOne(address)) is { } inside)
            throw new AddressRefusedException($"refused: {inside} is no public address");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // The addresses that were checked, and not the name, which might by now lead elsewhere.
            await socket.ConnectAsync(addresses, endpoint.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class AddressRefusedException(string message) : IOException(message);
}
