using System.Net.Http.Headers;
using System.Text;
using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>A host with a key of every role, two customers, two developers and their apps, and one request of each customer.</summary>
public sealed class LedgerFixture : IAsyncLifetime
{
    private readonly Dictionary<KeyRole, string> _keys = [];

    internal TestHost Test { get; private set; } = null!;

    internal (Customer Customer, string Key, string Receipt) One { get; private set; }

    internal (Customer Customer, string Key, string Receipt) Other { get; private set; }

    internal Party OneParty { get; private set; } = null!;

    internal Party OtherParty { get; private set; } = null!;

    internal App OneApp { get; private set; } = null!;

    internal App OtherApp { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Test = await TestHost.StartAsync();
        var books = Test.Books;
        OneParty = await books.CreatePartyAsync("One <script>alert(1)</script>", Role.Developer);
        OtherParty = await books.CreatePartyAsync("Other", Role.Developer);
        OneApp = await books.CreateAppAsync("one", OneParty.Id);
        OtherApp = await books.CreateAppAsync("other", OtherParty.Id);
        One = await UseAsync("one", OneApp);
        Other = await UseAsync("other", OtherApp);
        foreach (var role in Enum.GetValues<KeyRole>())
        {
            _keys[role] = role == KeyRole.Customer
                ? One.Key
                : (await books.IssueKeyAsync(role, role.Name(), role == KeyRole.Party ? OneParty.Id : null)).Text;
        }
    }

    public async Task DisposeAsync() => await Test.DisposeAsync();

    /// <summary>Asks with a role's key, or with none. A body makes it a POST.</summary>
    internal Task<HttpResponseMessage> SendAsync(KeyRole? role, string path, string? body = null, string? accept = null) =>
        SendAsync(role is { } given ? _keys[given] : null, body is null ? HttpMethod.Get : HttpMethod.Post, path, body, accept);

    internal async Task<HttpResponseMessage> SendAsync(string? key, HttpMethod method, string path, string? body = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Test.Host.Address, path));
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        using var http = new HttpClient();
        return await http.SendAsync(request);
    }

    private async Task<(Customer, string, string)> UseAsync(string name, App app)
    {
        var customer = await Test.Books.CreateCustomerAsync(name, Currency.Parse("USD"), Amount.Parse("10", Currency.Parse("USD")));
        var key = (await Test.Books.IssueKeyAsync(customer.Id, name, app.Id)).Text;
        using var response = await SendAsync(
            key, HttpMethod.Post, "/v1/completions", """{"model":"tiny","prompt":"once","max_tokens":3}""");
        var answer = await response.JsonAsync();
        return (customer, key, answer.GetProperty("ayni").GetProperty("receipt").GetProperty("id").GetString()!);
    }
}
