using System.Net.Http.Headers;
using System.Text;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>
/// An app is known by the key issued to it, whatever else a client says, and earns nothing of what its developer buys itself.
/// </summary>
public sealed class AppTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private readonly TestHost _test = fixture.Test;

    [Fact]
    public async Task Neither_headers_nor_queries_nor_fields_make_an_app_of_a_key_that_is_none()
    {
        var (own, ofApp, app, other) = await EnterAsync();
        string[] names = ["app", "app_id", "appId", "x-app", "x-app-id", "ayni-app", "ayni-app-id", "openai-project", "openai-organization", "x-title",
            "http-referer", "user-agent", "origin", "referer"];
        foreach (var endpoint in new[] { ("/v1/completions", "\"prompt\":\"a\""), ("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]") })
        {
            foreach (var (key, expected) in new[] { (own, null), (ofApp, app) })
            {
                foreach (var name in names)
                    await AsksAsAsync(expected, key, endpoint, "", header: (name, name is "origin" or "referer" or "http-referer" ? $"https://{other}" : other));
                foreach (var query in new[] { $"?app={other}", $"?app_id={other}&app={other}", $"?key={ofApp}" })
                    await AsksAsAsync(expected, key, endpoint, query);
                foreach (var field in new[]
                {
                    $"\"app\":\"{other}\"", $"\"app_id\":\"{other}\"", $"\"user\":\"{other}\"", $"\"metadata\":{{\"app\":\"{other}\",\"app_id\":\"{other}\"}}",
                    $"\"ayni\":{{\"app_id\":\"{other}\"}}", $"\"safety_identifier\":\"{other}\"",
                })
                    await AsksAsAsync(expected, key, endpoint, "", field);
            }
        }
    }

    [Fact]
    public async Task What_a_developer_buys_itself_earns_it_no_share()
    {
        var (_, ofApp, app, _) = await EnterAsync();
        var developer = _test.Books.ListApps().Single(one => one.Id == app).DeveloperId;
        var customer = _test.Books.ListKeys().Single(one => ofApp.StartsWith(one.Id.Replace("key_", "ayni_", StringComparison.Ordinal), StringComparison.Ordinal)).CustomerId!;
        await _test.Books.SetCustomerOwnerAsync(customer, developer);
        await AsksAsAsync(app, ofApp, ("/v1/completions", "\"prompt\":\"a\""), "");
        var period = _test.Books.ListPeriods()[^1].Period;
        Assert.DoesNotContain(_test.Books.Settle(period).Totals, total => total.PartyId == developer && total.Earned.Sign != 0);
        // Another customer's use of the same app does earn one.
        var bought = await _test.Books.CreateCustomerAsync("Else", Currency.Parse("USD"));
        await AsksAsAsync(app, (await _test.Books.IssueKeyAsync(bought.Id, "k", app)).Text, ("/v1/completions", "\"prompt\":\"a\""), "");
        Assert.Contains(_test.Books.Settle(period).Totals, total => total.PartyId == developer && total.Earned.Sign > 0);
    }

    private async Task<(string Own, string OfApp, string App, string Other)> EnterAsync()
    {
        var books = _test.Books;
        var developer = await books.CreatePartyAsync("Maker", Role.Developer);
        var thief = await books.CreatePartyAsync("Taker", Role.Developer);
        var (app, other) = (await books.CreateAppAsync("Mine", developer.Id), await books.CreateAppAsync("Other", thief.Id));
        var (first, second) = (
            await books.CreateCustomerAsync("One", Currency.Parse("USD")), await books.CreateCustomerAsync("Two", Currency.Parse("USD")));
        return (
            (await books.IssueKeyAsync(first.Id, "own")).Text, (await books.IssueKeyAsync(second.Id, "app", app.Id)).Text, app.Id, other.Id);
    }

    /// <summary>A request is counted for an app, or for none, or is refused for what it says and then counts for nothing.</summary>
    private async Task AsksAsAsync(
        string? app, string key, (string Path, string Input) endpoint, string query, string? field = null, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Path + query)
        {
            Content = new StringContent(
                $"{{\"model\":\"tiny\",{endpoint.Input},\"max_tokens\":1{(field is null ? "" : "," + field)}}}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (header is var (name, value))
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        using var response = await _test.Http.SendAsync(request);
        if ((int)response.StatusCode == 400)
            return;
        Assert.Equal(200, (int)response.StatusCode);
        var receipt = _test.Books.FindReceipt((await response.JsonAsync()).GetProperty("ayni").GetProperty("receipt").GetProperty("id").GetString()!);
        Assert.Equal(app, receipt!.AppId);
    }
}
