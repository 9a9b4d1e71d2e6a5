using System.Net;

namespace Ayni.Host.Tests;

/// <summary>A page on the web can't reach a host on the loopback address by a name of its own.</summary>
public sealed class HostAllowListTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:1", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]:80", 200)]
    [InlineData("evil.example", 403)]
    [InlineData("localhost.evil.example", 403)]
    [InlineData("127.0.0.1.evil.example:80", 403)]
    public async Task Only_loopback_names_are_answered(string name, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Host = name } };
        using var response = await fixture.Test.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 403)
            Assert.Equal("host_not_allowed", (await response.ErrorAsync()).Code);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task The_address_it_listens_on_is_answered()
    {
        await using var test = await TestHost.StartAsync(configure: options => options with { ListenAddress = IPAddress.Parse("127.0.0.2") });
        Assert.Equal("127.0.0.2", test.Host.Address.Host);
        using var response = await test.Http.GetAsync("/healthz");
        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_name_the_operator_allows_is_answered()
    {
        await using var test = await TestHost.StartAsync(configure: options => options with { AllowedHosts = ["llama.example"] });
        foreach (var (name, status) in ((string, int)[])[("llama.example", 200), ("other.example", 403)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz") { Headers = { Host = name } };
            using var response = await test.Http.SendAsync(request);
            Assert.Equal(status, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task Beyond_loopback_addresses_and_the_machines_name_are_answered_and_names_that_were_not_given_are_not()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        await using (var books = Ledger.Books.Open(Path.Combine(folder, "data", "ledger.db"), TimeProvider.System))
            await books.IssueKeyAsync(Ledger.KeyRole.Operator, "console");
        await using (var test = await TestHost.StartAsync(configure: options => options with { ListenAddress = IPAddress.Any }, folder: folder))
        {
            Assert.True(test.Host.Address.IsLoopback);
            foreach (var (name, status) in ((string, int)[])[
                ("192.0.2.7:8080", 200), ("[2001:db8::7]", 200), (Dns.GetHostName(), 200), ("localhost", 200), ("any.example", 403), ("192.0.2.7.example", 403)])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz") { Headers = { Host = name } };
                using var response = await test.Http.SendAsync(request);
                Assert.Equal((name, status), (name, (int)response.StatusCode));
            }
        }
        Directory.Delete(folder, recursive: true);
    }
}
