using System.Text.Json;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>Every operation with a key of every role: who is let in, and that who acts for somebody sees nobody else's.</summary>
public sealed class AuthorizationTests(LedgerFixture fixture) : IClassFixture<LedgerFixture>
{
    private readonly TestHost _test = fixture.Test;

    [Fact]
    public async Task Each_operation_is_open_to_its_roles_and_to_no_other()
    {
        foreach (var operation in _test.Host.Operations.All)
        {
            var path = PathOf(operation);
            var body = operation.Method == "POST" ? "{}" : null;
            using var without = await fixture.SendAsync(null, path, body);
            Assert.Equal(!operation.Roles.IsEmpty, (int)without.StatusCode == 401);
            foreach (var role in Enum.GetValues<KeyRole>())
            {
                using var response = await fixture.SendAsync(role, path, body);
                var opens = operation.Roles.IsEmpty || operation.Roles.Contains(role);
                Assert.True(
                    opens == (int)response.StatusCode is not (401 or 403), $"{operation.Id} with a key of role {role}: {response.StatusCode}");
                if (!opens)
                    Assert.Equal("role_not_allowed", (await response.ErrorAsync()).Code);
            }
        }
    }

    [Fact]
    public void Those_who_act_for_somebody_or_only_read_open_what_is_said_here()
    {
        // Whoever adds an operation for one of these roles says so here too: a change of a line above lets nobody in unseen.
        string[] everyone = ["listModels", "getModel", "getLicence"];
        Assert.Equal(
            Sorted([.. everyone, "createChatCompletion", "createCompletion", "listCustomers", "getCustomer", "getUsage", "listKeys", "listPrices",
                "listReceipts", "getReceipt", "explainCharge", "listInvoices", "getInvoice", "getAccount", "getBilling", "listLimits",
                "listObjections", "raiseObjection", "replyToObjection", "listCustomerKeys"]),
            OpenTo(KeyRole.Customer));
        Assert.Equal(
            Sorted([.. everyone, "listParties", "getParty", "listApps", "listKeys", "listPrices", "listAgreements", "listAgreementDocuments",
                "acceptAgreementDocument", "describeAgreementDocument", "simulateAgreement", "getAgreementToSign", "signAgreementDocument",
                "listPartyKeys", "registerPartyKey", "revokePartyKey", "listBalances", "listPeriods", "getStatement", "proveStatement", "listStatementReceipts", "getEarnings", "listInvoices", "getInvoice", "listPayouts",
                "getBankDetails", "getBilling", "listObjections", "raiseObjection", "replyToObjection"]),
            OpenTo(KeyRole.Party));
        Assert.Equal(Sorted([.. everyone, "recordUsage"]), OpenTo(KeyRole.Meter));
        Assert.DoesNotContain(_test.Host.Operations.All, operation => operation.Method == "POST" && operation.Roles.Contains(KeyRole.Auditor));

        static string[] Sorted(string[] ids) => [.. ids.Order(StringComparer.Ordinal)];

        string[] OpenTo(KeyRole role) => Sorted(
            [.. _test.Host.Operations.All.Where(operation => operation.Roles.Contains(role)).Select(operation => operation.Id)]);
    }

    [Fact]
    public async Task A_customer_sees_itself_alone()
    {
        Assert.Equal([fixture.One.Customer.Id], await IdsAsync(KeyRole.Customer, "/api/customers"));
        Assert.All(await ListAsync(KeyRole.Customer, "/api/keys"), key => Assert.Equal(fixture.One.Customer.Id, Text(key, "holder_id")));
        foreach (var path in (string[])["/api/receipts", $"/api/receipts?customer={fixture.One.Customer.Id}"])
            Assert.Equal([fixture.One.Receipt], await IdsAsync(KeyRole.Customer, path));
        Assert.Equal(200, await StatusAsync(KeyRole.Customer, $"/api/receipts/{fixture.One.Receipt}"));
        Assert.Equal(200, await StatusAsync(KeyRole.Customer, $"/api/customers/{fixture.One.Customer.Id}"));
        Assert.Equal(200, await StatusAsync(KeyRole.Customer, $"/api/customers/{fixture.One.Customer.Id}/usage"));
        Assert.Equal(200, await StatusAsync(KeyRole.Customer, $"/api/receipts/{fixture.One.Receipt}/why"));
        foreach (var path in (string[])[
            $"/api/receipts/{fixture.Other.Receipt}", $"/api/receipts/{fixture.Other.Receipt}/why", $"/api/receipts?customer={fixture.Other.Customer.Id}",
            $"/api/customers/{fixture.Other.Customer.Id}", $"/api/customers/{fixture.Other.Customer.Id}/keys", $"/api/customers/{fixture.Other.Customer.Id}/usage"])
            await SameAsUnknownAsync(KeyRole.Customer, path, fixture.Other.Customer.Id, fixture.Other.Receipt);
        var others = _test.Books.ListKeys().First(key => key.Role == KeyRole.Customer && key.HolderId == fixture.Other.Customer.Id);
        Assert.Empty(await ListAsync(KeyRole.Customer, $"/api/receipts?key={others.Id}"));
    }

    [Fact]
    public async Task A_party_sees_itself_alone()
    {
        var (one, other) = (fixture.OneParty.Id, fixture.OtherParty.Id);
        var period = _test.Books.ListPeriods()[^1].Period;
        Assert.Equal([one], await IdsAsync(KeyRole.Party, "/api/parties"));
        Assert.Equal([fixture.OneApp.Id], await IdsAsync(KeyRole.Party, "/api/apps"));
        Assert.All(await ListAsync(KeyRole.Party, "/api/keys"), key => Assert.Equal(one, Text(key, "holder_id")));
        Assert.All(
            await ListAsync(KeyRole.Party, "/api/balances"),
            balance => Assert.StartsWith($"party:{one}:", Text(balance, "account"), StringComparison.Ordinal));
        foreach (var path in (string[])[$"/api/parties/{one}", $"/api/balances?party={one}", $"/api/statements/{period}/{one}", $"/api/statements/{period}/{one}/receipts",
            "/api/earnings", $"/api/earnings?party={one}"])
            Assert.Equal(200, await StatusAsync(KeyRole.Party, path));
        foreach (var path in (string[])[$"/api/parties/{other}", $"/api/statements/{period}/{other}/proof", $"/api/balances?party={other}", $"/api/statements/{period}/{other}", $"/api/statements/{period}/{other}/receipts",
            $"/api/earnings?party={other}"])
            await SameAsUnknownAsync(KeyRole.Party, path, other, other);

        await _test.Books.AgreeAsync("open", [Share.Of(one, Share.Whole)]);
        var agreements = await ListAsync(KeyRole.Party, "/api/agreements");
        Assert.NotEmpty(agreements);
        await _test.Books.AgreeAsync("secret", [Share.Of(other, Share.Whole)]);
        Assert.DoesNotContain(await ListAsync(KeyRole.Party, "/api/agreements"), agreement => Text(agreement, "model") == "secret");
        Assert.Contains(await ListAsync(KeyRole.Auditor, "/api/agreements"), agreement => Text(agreement, "model") == "secret");
        // A page is filled with what the party may see, however much of others' lies between.
        await _test.Books.AgreeAsync("open", [Share.Of(one, Share.Whole)]);
        var last = agreements[^1].GetProperty("version").GetInt64();
        Assert.Equal("open", Text(Assert.Single(await ListAsync(KeyRole.Party, $"/api/agreements?limit=1&after={last}")), "model"));
    }

    /// <summary>What is another's is answered as what is nobody's, so that nobody learns what there is.</summary>
    private async Task SameAsUnknownAsync(KeyRole role, string path, params string[] ids)
    {
        using var found = await fixture.SendAsync(role, path);
        Assert.Equal(404, (int)found.StatusCode);
        var error = await found.ErrorAsync();
        var nobody = ids.Aggregate(path, (text, id) => text.Replace(id, id[..4] + "000000000000", StringComparison.Ordinal));
        using var missing = await fixture.SendAsync(role, nobody);
        Assert.Equal(404, (int)missing.StatusCode);
        Assert.Equal(error.Code, (await missing.ErrorAsync()).Code);
    }

    private async Task<int> StatusAsync(KeyRole role, string path)
    {
        using var response = await fixture.SendAsync(role, path);
        return (int)response.StatusCode;
    }

    private async Task<List<JsonElement>> ListAsync(KeyRole role, string path)
    {
        using var response = await fixture.SendAsync(role, path);
        Assert.Equal(200, (int)response.StatusCode);
        return [.. (await response.JsonAsync()).GetProperty("data").EnumerateArray()];
    }

    private async Task<string[]> IdsAsync(KeyRole role, string path) =>
        [.. (await ListAsync(role, path)).Select(item => Text(item, "id")!)];

    private static string? Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? value.GetString() : null;

    private string PathOf(Operation operation) => operation.Pattern
        .Replace("{period}", "2020-01", StringComparison.Ordinal)
        .Replace("{**id}", TestHost.ModelName, StringComparison.Ordinal)
        .Replace("/api/customers/{id}/usage", $"/api/customers/{fixture.One.Customer.Id}/usage", StringComparison.Ordinal)
        .Replace("{party}", fixture.OneParty.Id, StringComparison.Ordinal)
        .Replace("{id}", "nobody", StringComparison.Ordinal);
}
