using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class RegistryTests
{
    [Fact]
    public async Task What_is_entered_is_listed_after_a_restart()
    {
        await using var ledger = Empty();
        var party = await ledger.Books.CreatePartyAsync("Ünïcode شركة", Role.Developer);
        var app = await ledger.Books.CreateAppAsync("Poems", party.Id);
        var customer = await ledger.Books.CreateCustomerAsync("Ada", Currency.Parse("KWD"), Amount.Parse("1.5", Currency.Parse("KWD")));
        var key = (await ledger.Books.IssueKeyAsync(customer.Id, "laptop", app.Id)).Key;
        await ledger.ReopenAsync();
        Assert.Equal(party, Assert.Single(ledger.Books.ListParties()));
        Assert.Equal(app, Assert.Single(ledger.Books.ListApps()));
        Assert.Equal(customer, Assert.Single(ledger.Books.ListCustomers()));
        Assert.Equal(key, Assert.Single(ledger.Books.ListKeys()));
        Assert.Matches("^pty_[0-9a-z]{12}$", party.Id);
        Assert.Matches("^app_[0-9a-z]{12}$", app.Id);
        Assert.Matches("^cus_[0-9a-z]{12}$", customer.Id);
        Assert.Matches("^key_[0-9a-z]{12}$", key.Id);
    }

    [Fact]
    public async Task Refusals_are_named()
    {
        await using var ledger = await WithPartiesAsync();
        var books = ledger.Books;
        var customer = await books.CreateCustomerAsync("Ada", Currency.Parse("EUR"));
        await RefusedAsync(Refusal.InvalidText, () => books.CreatePartyAsync(" ", Role.Host));
        await RefusedAsync(Refusal.InvalidText, () => books.CreatePartyAsync(new('x', 201), Role.Host));
        await RefusedAsync(Refusal.InvalidText, () => books.CreatePartyAsync("a\nb", Role.Host));
        await RefusedAsync(Refusal.InvalidText, () => books.CreatePartyAsync("\ud800", Role.Host));
        await RefusedAsync(Refusal.UnknownParty, () => books.CreateAppAsync("x", "pty_nobody"));
        await RefusedAsync(Refusal.NotADeveloper, () => books.CreateAppAsync("x", ledger.Host.Id));
        await RefusedAsync(Refusal.UnknownCustomer, () => books.IssueKeyAsync("cus_nobody", "x"));
        await RefusedAsync(Refusal.UnknownApp, () => books.IssueKeyAsync(customer.Id, "x", "app_none"));
        var yen = Amount.Parse("1", Currency.Parse("JPY"));
        await RefusedAsync(Refusal.InvalidSpendingLimit, () => books.SetSpendingLimitAsync(customer.Id, yen));
        await RefusedAsync(Refusal.InvalidSpendingLimit, () => books.CreateCustomerAsync("x", Currency.Parse("EUR"), Eur("-1")));
        await RefusedAsync(Refusal.UnknownParty, () => books.RevokePartyAsync("pty_nobody"));
        await RefusedAsync(Refusal.UnknownApp, () => books.RevokeAppAsync("app_none"));
        await RefusedAsync(Refusal.UnknownCustomer, () => books.RevokeCustomerAsync("cus_nobody"));
        await RefusedAsync(Refusal.UnknownKey, () => books.RevokeKeyAsync("key_none"));
        await books.RevokeCustomerAsync(customer.Id);
        await RefusedAsync(Refusal.Revoked, () => books.IssueKeyAsync(customer.Id, "x"));
        await books.RevokePartyAsync(ledger.Developer.Id);
        await RefusedAsync(Refusal.Revoked, () => books.CreateAppAsync("x", ledger.Developer.Id));
    }

    [Fact]
    public async Task Revoking_twice_keeps_the_first_instant()
    {
        await using var ledger = await WithPartiesAsync();
        var first = await ledger.Books.RevokePartyAsync(ledger.Host.Id);
        ledger.Clock.Now += TimeSpan.FromHours(1);
        Assert.Equal(first, await ledger.Books.RevokePartyAsync(ledger.Host.Id));
        Assert.Equal(November, first.Revoked);
    }

    [Fact]
    public void Role_names_are_read_back()
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            Assert.True(RoleNames.TryParse(role.Name(), out var found));
            Assert.Equal(role, found);
        }
        Assert.False(RoleNames.TryParse("king", out _));
    }
}
