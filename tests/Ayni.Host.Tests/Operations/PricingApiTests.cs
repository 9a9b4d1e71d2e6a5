using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>Price plans, subscriptions, credits and rates over HTTP.</summary>
public sealed class PricingApiTests(LedgerFixture fixture) : IClassFixture<LedgerFixture>
{
    [Fact]
    public async Task What_a_month_costs_is_set_and_read()
    {
        var owner = (await PostAsync(KeyRole.Operator, "/api/parties", """{"name":"Owner","role":"licensor"}""")).GetProperty("id").GetString();
        await PostAsync(
            KeyRole.Operator, "/api/agreements",
            $$"""{"model":"plan-model","shares":[{"party_id":"{{owner}}","parts_per_million":1000000}],"accepted_by":["licensor","host"],"evidence":"c"}""");
        // YAML, which JSON is, too.
        var prices = await PostAsync(
            KeyRole.Operator, "/api/price-plans",
            "name: gold\nmodel: plan-model\ncurrency: EUR\ntiers: {kind: package, metric: tokens, size: 1_000, price: 2}\nfee: 9\n");
        Assert.Equal("9.00", prices[0].GetProperty("plan").GetProperty("fee").GetString());
        using (var wrong = await fixture.SendAsync(KeyRole.Operator, "/api/price-plans", "model: m\ncurrency: EUR\ninput: cheap\n"))
            Assert.Contains("plan:3:8: input", (await wrong.ErrorAsync()).Message, StringComparison.Ordinal);

        var customer = (await PostAsync(KeyRole.Operator, "/api/customers", """{"name":"Inti","currency":"EUR"}""")).GetProperty("id").GetString();
        var subscription = (await PostAsync(KeyRole.Operator, "/api/subscriptions", $$"""{"customer_id":"{{customer}}","plan":"gold"}"""))
            .GetProperty("id").GetString();
        var month = (await PostAsync(KeyRole.Operator, $"/api/subscriptions/{subscription}/stop", "{}")).GetProperty("last").GetString();
        var sale = $$"""{"customer_id":"{{customer}}","reference":"order 9","amount":"5","currency":"EUR","model":"plan-model"}""";
        var credit = await PostAsync(KeyRole.Finance, "/api/credits", sale);
        Assert.Equal(credit.GetRawText(), (await PostAsync(KeyRole.Finance, "/api/credits", sale)).GetRawText());
        Assert.Equal("5.00", credit.GetProperty("left").GetString());
        // The month's fee uses all of it; one that nothing uses is given back in the month it was sold in, once.
        using (var used = await fixture.SendAsync(
            KeyRole.Finance, $"/api/credits/{credit.GetProperty("id").GetString()}/return", """{"reason":"leaves","reference":"return 8"}"""))
            Assert.Equal("invalid_credit", (await used.ErrorAsync()).Code);
        var other = (await PostAsync(KeyRole.Operator, "/api/customers", """{"name":"Wayra","currency":"EUR"}""")).GetProperty("id").GetString()!;
        var unused = await PostAsync(
            KeyRole.Finance, "/api/credits", sale.Replace(customer!, other, StringComparison.Ordinal).Replace("order 9", "order 10", StringComparison.Ordinal));
        var giveBack = $"/api/credits/{unused.GetProperty("id").GetString()}/return";
        var returned = await PostAsync(KeyRole.Finance, giveBack, """{"reason":"leaves","reference":"return 9"}""");
        Assert.Equal(("5.00", "EUR"), (returned.GetProperty("amount").GetString(), returned.GetProperty("currency").GetString()));
        Assert.Equal(returned.GetRawText(), (await PostAsync(KeyRole.Finance, giveBack, """{"reason":"leaves","reference":"return 9"}""")).GetRawText());
        using (var again = await fixture.SendAsync(KeyRole.Finance, giveBack, """{"reason":"leaves","reference":"return 10"}"""))
            Assert.Equal("invalid_credit", (await again.ErrorAsync()).Code);
        await PostAsync(KeyRole.Finance, "/api/rates", """{"from":"EUR","to":"USD","per_unit":"1.08","source":"ECB"}""");

        var fee = Assert.Single((await GetAsync($"/api/adjustments/{month}")).EnumerateArray());
        Assert.Equal(("subscription_fee", "9.00"), (fee.GetProperty("type").GetString(), fee.GetProperty("amount").GetString()));
        foreach (var (path, count) in ((string, int)[])[("/api/subscriptions", 1), ("/api/credits", 2), ("/api/rates", 1)])
            Assert.Equal(count, (await GetAsync(path)).GetArrayLength());
    }

    private async Task<JsonElement> PostAsync(KeyRole role, string path, string body)
    {
        using var response = await fixture.SendAsync(role, path, body);
        return await ReadAsync(response);
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await fixture.SendAsync(KeyRole.Auditor, path, null);
        return (await ReadAsync(response)).GetProperty("data");
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.Clone();
    }
}
