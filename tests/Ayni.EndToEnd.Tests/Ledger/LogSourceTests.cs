using System.Net;
using System.Net.Sockets;
using Ayni.Cli;

namespace Ayni.EndToEnd.Tests;

public sealed class LogSourceTests
{
    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nayni/log")]
    public async Task A_server_that_falls_silent_is_given_up(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(stop.Token);
            await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer), stop.Token);
            await Task.Delay(Timeout.Infinite, stop.Token);
        });
        using (var source = LogSource.Open($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/log", TimeSpan.FromMilliseconds(300)))
        {
            var error = Assert.Throws<UsageException>(() => source.Fetch("checkpoint"));
            Assert.Equal("The log's server takes longer than 0.3 s for checkpoint.", error.Message);
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }
}
