using System.Text;
using System.Text.Json;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>What lessens shares, who signs it, and what finance records beside invoices and payments.</summary>
public sealed class DeductionApiTests(LedgerFixture fixture) : IClassFixture<LedgerFixture>
{
    private readonly string _month = fixture.Test.Books.ListPeriods()[^1].Period.ToString();

    [Fact]
    public async Task A_deduction_is_recorded_once_with_its_evidence_and_listed()
    {
        var body = $$"""{"type":"payment-fee","evidence":"report-1","period":"{{_month}}","amount":"1.25","currency":"USD"}""";
        var first = await PostAsync(KeyRole.Finance, "/api/deductions", body);
        Assert.Equal(first.GetRawText(), (await PostAsync(KeyRole.Finance, "/api/deductions", body)).GetRawText());
        await RefusedAsync(KeyRole.Finance, "/api/deductions", body.Replace("1.25", "1.26", StringComparison.Ordinal), 409, "evidence_reused");
        await RefusedAsync(KeyRole.Finance, "/api/deductions", body.Replace("payment-fee", "bribe", StringComparison.Ordinal), 400, null);
        await RefusedAsync(KeyRole.Finance, "/api/deductions", body.Replace(_month, "2999-01", StringComparison.Ordinal), 400, "invalid_deduction");
        await RefusedAsync(KeyRole.Operator, "/api/deductions", body, 403, "role_not_allowed");
        for (var i = 2; i < 5; i++)
            await PostAsync(KeyRole.Finance, "/api/deductions", body.Replace("report-1", $"report-{i}", StringComparison.Ordinal));
        var read = new List<string?>();
        for (var next = ""; next is not null;)
        {
            var page = await GetAsync(KeyRole.Auditor, $"/api/deductions/{_month}?limit=2{(next == "" ? "" : $"&after={next}")}");
            read.AddRange(page.GetProperty("data").EnumerateArray().Where(one => !one.TryGetProperty("signed_by", out var by) || by.ValueKind == JsonValueKind.Null)
                .Select(one => one.GetProperty("evidence_id").GetString()));
            next = page.GetProperty("next").GetString();
        }
        Assert.Equal(["report-1", "report-2", "report-3", "report-4"], read);
    }

    [Fact]
    public async Task A_customer_signs_what_it_was_given_back()
    {
        var customer = fixture.Other.Customer.Id;
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var key = SigningKey.Create(Path.Combine(folder.FullName, "customer.key"));
            var keys = $"/api/customers/{customer}/keys";
            await RefusedAsync(KeyRole.Customer, keys, "{}", 403, "role_not_allowed");
            await RefusedAsync(KeyRole.Operator, "/api/customers/cus_nobody/keys", Json("key", key.ForNotes(customer).ToString()), 404, "unknown_customer");
            await RefusedAsync(KeyRole.Operator, keys, Json("key", key.ForNotes("cus_other").ToString()), 400, "invalid_party_key");
            await RefusedAsync(KeyRole.Operator, keys, Json("key", "no key"), 400, "invalid_proof");
            var registered = await PostAsync(KeyRole.Operator, keys, Json("key", key.ForNotes(customer).ToString()));
            Assert.Equal(registered.GetRawText(), Assert.Single((await GetAsync(KeyRole.Auditor, keys)).GetProperty("data").EnumerateArray()).GetRawText());

            var body = $$"""{"type":"refund","evidence":"talk-7","period":"{{_month}}","amount":"0.5","currency":"USD"}""";
            var text = (await PostAsync(KeyRole.Finance, $"/api/customers/{customer}/deductions/to-sign", body)).GetProperty("text").GetString()!;
            await RefusedAsync(KeyRole.Finance, "/api/deductions/signed", Json("note", text), 400, "invalid_proof");
            var signed = Encoding.UTF8.GetString(PartySigner.SignDeduction(Encoding.UTF8.GetBytes(text), customer, key));
            await RefusedAsync(
                KeyRole.Finance, "/api/deductions/signed", Json("note", signed.Replace("amount 0.5", "amount 0.6", StringComparison.Ordinal)), 400,
                "invalid_signature");
            var recorded = await PostAsync(KeyRole.Finance, "/api/deductions/signed", Json("note", signed));
            Assert.Equal(customer, recorded.GetProperty("signed_by").GetProperty("customer_id").GetString());

            Assert.NotEqual(JsonValueKind.Null, (await PostAsync(KeyRole.Operator, $"{keys}/revoke", "")).GetProperty("revoked").ValueKind);
            await RefusedAsync(KeyRole.Operator, $"{keys}/revoke", "", 404, "unknown_party_key");
            await RefusedAsync(KeyRole.Finance, "/api/deductions/signed", Json("note", signed), 404, "unknown_party_key");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task What_others_collect_and_banks_exchange_is_recorded()
    {
        var body = $$"""{"evidence":"store-1","period":"{{_month}}","model":"tiny","amount":"12","currency":"USD"}""";
        var first = await PostAsync(KeyRole.Finance, "/api/collections", body);
        Assert.Equal(first.GetRawText(), (await PostAsync(KeyRole.Finance, "/api/collections", body)).GetRawText());
        var page = await GetAsync(KeyRole.Auditor, $"/api/collections/{_month}?limit=1");
        Assert.Equal(first.GetRawText(), page.GetProperty("data")[0].GetRawText());
        await RefusedAsync(
            KeyRole.Finance, "/api/exchanges", """{"evidence":"fx-1","sold":"5","sold_currency":"EUR","bought":"6","bought_currency":"USD"}""", 400,
            "invalid_rate");
        foreach (var path in (string[])["/api/conversions/", "/api/credit-uses/"])
            Assert.Empty((await GetAsync(KeyRole.Auditor, path + _month)).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task A_customer_belongs_to_a_party_or_to_none()
    {
        var path = $"/api/customers/{fixture.Other.Customer.Id}/owner";
        var owner = await PostAsync(KeyRole.Operator, path, Json("party_id", fixture.OtherParty.Id));
        Assert.Equal(fixture.OtherParty.Id, owner.GetProperty("owner_id").GetString());
        await PostAsync(KeyRole.Operator, path, """{"party_id":null}""");
        await RefusedAsync(KeyRole.Operator, path, "{}", 400, "invalid_json");
        await RefusedAsync(KeyRole.Operator, path, Json("party_id", "pty_nobody"), 404, "unknown_party");
    }

    [Fact]
    public async Task Balances_are_there_as_of_any_moment()
    {
        var day = fixture.Test.Books.Zone.DayOf(DateTimeOffset.UtcNow);
        var now = (await GetAsync(KeyRole.Auditor, "/api/balances")).GetProperty("data");
        var today = $"/api/balances?at={day:yyyy-MM-dd}";
        Assert.Equal(now.GetRawText(), (await GetAsync(KeyRole.Auditor, today)).GetProperty("data").GetRawText());
        var first = await GetAsync(KeyRole.Auditor, $"{today}&limit=1");
        var rest = await GetAsync(KeyRole.Auditor, $"{today}&after={Uri.EscapeDataString(first.GetProperty("next").GetString()!)}");
        Assert.Equal(now.EnumerateArray().Skip(1).Select(one => one.GetRawText()), rest.GetProperty("data").EnumerateArray().Select(one => one.GetRawText()));
        Assert.Empty((await GetAsync(KeyRole.Auditor, "/api/balances?at=2020-01-01")).GetProperty("data").EnumerateArray());
    }

    private static string Json(string name, string value) => $"{{{JsonSerializer.Serialize(name)}:{JsonSerializer.Serialize(value)}}}";

    private async Task<JsonElement> PostAsync(KeyRole role, string path, string body)
    {
        using var response = await fixture.SendAsync(role, path, body);
        Assert.True((int)response.StatusCode == 200, await response.Content.ReadAsStringAsync());
        return await response.JsonAsync();
    }

    private async Task<JsonElement> GetAsync(KeyRole role, string path)
    {
        using var response = await fixture.SendAsync(role, path);
        Assert.True((int)response.StatusCode == 200, await response.Content.ReadAsStringAsync());
        return await response.JsonAsync();
    }

    private async Task RefusedAsync(KeyRole role, string path, string body, int status, string? code)
    {
        using var response = await fixture.SendAsync(role, path, body);
        Assert.Equal((status, code), ((int)response.StatusCode, (await response.ErrorAsync()).Code));
    }
}
