using System.Net;
using System.Net.Sockets;
using System.Text;
using Ayni.Ledger;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ayni.Host.Tests;

public sealed class WebhookSenderTests : IAsyncLifetime
{
    private static readonly Period November = new(2026, 11);

    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-webhooks-").FullName;
    private readonly ManualClock _clock = new();
    private Books _books = null!;

    public Task InitializeAsync()
    {
        _clock.Advance(November.End - _clock.GetUtcNow());
        _books = Books.Open(Path.Combine(_folder, "ledger.db"), _clock);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _books.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_is_sent_is_signed_and_what_is_taken_is_not_sent_again()
    {
        using var receiver = new Receiver("200 OK");
        var secret = await TellAsync(receiver.Url("127.0.0.1"));
        using var sender = Sender(allowsPrivate: true, _ => throw new InvalidOperationException());
        Assert.Equal(1, await sender.SendDueAsync(CancellationToken.None));
        var request = await receiver.Request;
        var body = request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        var header = request.Split("\r\n").Single(line => line.StartsWith("Ayni-Signature: ", StringComparison.Ordinal))["Ayni-Signature: ".Length..];
        Assert.True(WebhookSignature.Verify(secret, body, header, _clock.GetUtcNow(), TimeSpan.FromMinutes(5)));
        Assert.Contains("\"type\":\"period.closed\"", body, StringComparison.Ordinal);
        var delivery = Assert.Single(_books.ListDeliveries());
        Assert.Equal((1, "200"), (delivery.Attempts, delivery.LastResult));
        Assert.NotNull(delivery.Delivered);
        Assert.Equal(0, await sender.SendDueAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("302 Found\r\nLocation: http://127.0.0.1:1/", "302: redirections are not followed")]
    [InlineData("500 Oops", "500")]
    [InlineData("410 Gone", "410")]
    public async Task Anything_but_success_is_tried_again(string answer, string result)
    {
        using var receiver = new Receiver(answer);
        await TellAsync(receiver.Url("127.0.0.1"));
        using var sender = Sender(allowsPrivate: true, _ => throw new InvalidOperationException());
        await sender.SendDueAsync(CancellationToken.None);
        var delivery = Assert.Single(_books.ListDeliveries());
        Assert.Equal(result, delivery.LastResult);
        Assert.NotNull(delivery.NextAttempt);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("inside.example")]
    public async Task Nothing_inside_is_connected_to(string host)
    {
        using var receiver = new Receiver("200 OK");
        await TellAsync(receiver.Url(host).Replace("http:", "https:", StringComparison.Ordinal));
        // One public address among them does not make the others so.
        using var sender = Sender(allowsPrivate: false, _ => [IPAddress.Parse("93.184.215.14"), IPAddress.Loopback]);
        await sender.SendDueAsync(CancellationToken.None);
        Assert.EndsWith("is no public address", Assert.Single(_books.ListDeliveries()).LastResult, StringComparison.Ordinal);
        Assert.False(receiver.WasConnected);
    }

    [Fact]
    public async Task Without_TLS_nothing_is_sent_outside()
    {
        await TellAsync("http://example.com/");
        using var sender = Sender(allowsPrivate: false, _ => throw new InvalidOperationException());
        await sender.SendDueAsync(CancellationToken.None);
        Assert.Equal("refused: not https", Assert.Single(_books.ListDeliveries()).LastResult);
    }

    [Fact]
    public async Task A_name_is_looked_up_once_and_the_address_found_is_the_one_connected_to()
    {
        using var receiver = new Receiver("200 OK");
        await TellAsync(receiver.Url("rebinding.example"));
        var lookups = 0;
        using var sender = Sender(allowsPrivate: true, _ =>
        {
            lookups++;
            return [IPAddress.Loopback];
        });
        await sender.SendDueAsync(CancellationToken.None);
        Assert.Equal((1, "200"), (lookups, Assert.Single(_books.ListDeliveries()).LastResult));
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("93.184.215.14", true)]
    [InlineData("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.1.2.3", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd12::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2002:a00:1::", false)]
    public void Public_addresses_are_told_from_others(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddress.IsOne(IPAddress.Parse(address)));

    /// <summary>Enters an endpoint and closes a month, which is told to it. Returns the endpoint's secret.</summary>
    private async Task<string> TellAsync(string url)
    {
        var secret = (await _books.CreateWebhookAsync(null, url)).Secret;
        await _books.ClosePeriodAsync(November);
        return secret;
    }

    private WebhookSender Sender(bool allowsPrivate, Func<string, IPAddress[]> resolve) => new(
        _books, allowsPrivate, (name, _) => Task.FromResult(resolve(name)), _clock, NullLogger<WebhookSender>.Instance);

    /// <summary>Answers one request on a free port of this machine.</summary>
    private sealed class Receiver : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public Receiver(string answer)
        {
            _listener.Start();
            Request = ReceiveAsync(answer);
        }

        public Task<string> Request { get; }

        public bool WasConnected { get; private set; }

        public string Url(string host) => FormattableString.Invariant($"http://{host}:{((IPEndPoint)_listener.LocalEndpoint).Port}/hook");

        public void Dispose() => _listener.Dispose();

        private async Task<string> ReceiveAsync(string answer)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync();
                WasConnected = true;
                var stream = client.GetStream();
                var text = new StringBuilder();
                var buffer = new byte[4096];
                int length;
                do
                {
                    length = await stream.ReadAsync(buffer);
                    text.Append(Encoding.UTF8.GetString(buffer, 0, length));
                }
                while (length > 0 && !IsWhole(text.ToString()));
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
                return text.ToString();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return "";
            }
        }

        private static bool IsWhole(string request)
        {
            var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                return false;
            var length = request.Split("\r\n").First(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
            return Encoding.UTF8.GetByteCount(request[(end + 4)..]) >= int.Parse(length.AsSpan("Content-Length: ".Length), System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
