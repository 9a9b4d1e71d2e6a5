using System.Text.Json;

namespace Ayni.Ledger.Tests;

/// <summary>Whoever changes the ledger is in its log of actions, beside the change, for ever.</summary>
public sealed class ActionTests
{
    [Fact]
    public async Task Every_change_is_noted_with_who_made_it_and_what_it_changed()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var books = ledger.Books.As("key_operator");
        var before = ledger.Books.ListActions().Actions.Count;
        var party = await books.CreatePartyAsync("P", Role.Developer);
        var customer = await books.CreateCustomerAsync("C", Currency.Parse("EUR"));
        var limited = await books.SetSpendingLimitAsync(customer.Id, TestLedger.Eur("5"));
        var app = await books.CreateAppAsync("A", party.Id);
        var key = (await books.IssueKeyAsync(customer.Id, "K", app.Id)).Key;
        var revoked = await books.RevokeKeyAsync(key.Id);
        await books.RevokeKeyAsync(key.Id);
        await books.RevokeAppAsync(app.Id);
        await books.RevokeCustomerAsync(customer.Id);
        await books.RevokePartyAsync(party.Id);
        ledger.Clock.Now = new(2026, 12, 2, 0, 0, 0, TimeSpan.Zero);
        await books.ClosePeriodAsync(TestLedger.Period);
        await books.ClosePeriodAsync(TestLedger.Period);
        await ledger.ReopenAsync();

        var actions = ledger.Books.ListActions().Actions.Skip(before).ToList();
        Assert.Equal(
            [
                ("create_party", party.Id), ("create_customer", customer.Id), ("set_spending_limit", customer.Id), ("create_app", app.Id),
                ("issue_key", key.Id), ("revoke_key", key.Id), ("revoke_app", app.Id), ("revoke_customer", customer.Id),
                ("revoke_party", party.Id), ("close_period", "2026-11"),
            ],
            actions.Select(action => (action.Action, action.Subject)));
        Assert.All(actions, action => Assert.Equal("key_operator", action.Actor));
        Assert.Equal((null, DigestOf(customer)), (actions[1].Before, actions[1].After!.Value));
        Assert.Equal((DigestOf(customer), DigestOf(limited)), (actions[2].Before!.Value, actions[2].After!.Value));
        Assert.Equal(Digest.Of(JsonSerializer.SerializeToUtf8Bytes(revoked, LedgerJson.Default.ApiKey)), actions[5].After);
        Assert.Equal(["create_customer", "set_spending_limit", "revoke_customer"], ledger.Books.ListActions(customer.Id).Actions.Select(action => action.Action));

        static Digest DigestOf(Customer customer) => Digest.Of(JsonSerializer.SerializeToUtf8Bytes(customer, LedgerJson.Default.Customer));
    }

    [Fact]
    public async Task What_is_refused_is_not_noted_and_what_nobody_claims_is_the_consoles()
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var count = ledger.Books.ListActions().Actions.Count;
        await TestLedger.RefusedAsync(Refusal.UnknownParty, () => ledger.Books.As("key_x").CreateAppAsync("A", "pty_nobody"));
        Assert.Equal(count, ledger.Books.ListActions().Actions.Count);
        Assert.All(ledger.Books.ListActions().Actions, action => Assert.Equal("console", action.Actor));
    }

    [Fact]
    public async Task Actors_at_once_are_told_apart()
    {
        await using var ledger = TestLedger.Empty();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => ledger.Books.As($"key_{i}").CreatePartyAsync($"{i}", Role.Backer)));
        var names = ledger.Books.ListParties().ToDictionary(party => party.Id, party => party.Name);
        Assert.All(ledger.Books.ListActions().Actions, action => Assert.Equal($"key_{names[action.Subject]}", action.Actor));
        var first = ledger.Books.ListActions(limit: 150);
        Assert.Equal(150, first.Next);
        Assert.Equal(50, ledger.Books.ListActions(after: 150).Actions.Count);
    }

    [Fact]
    public async Task An_actor_disposes_nothing()
    {
        await using var ledger = TestLedger.Empty();
        await ledger.Books.As("key_x").DisposeAsync();
        await ledger.Books.CreatePartyAsync("still open", Role.Host);
    }

    [Theory]
    [InlineData("UPDATE actions SET actor = 'somebody else'")]
    [InlineData("DELETE FROM actions")]
    public async Task The_log_only_grows(string sql)
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var error = Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql(sql));
        Assert.Contains("append-only", error.Message, StringComparison.Ordinal);
    }
}
