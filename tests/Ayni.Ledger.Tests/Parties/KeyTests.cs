using System.Text;

namespace Ayni.Ledger.Tests;

public sealed class KeyTests
{
    [Fact]
    public async Task A_key_opens_until_it_its_customer_or_its_app_is_revoked()
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var books = ledger.Books;
        var (first, second, third) = (await ledger.IssueAsync(), await ledger.IssueAsync(), await ledger.IssueAsync(ofApp: true));
        Assert.Matches($"^ayni_{first.Key.Id[4..]}_[0-9a-z]{{52}}$", first.Text);
        Assert.Equal(first.Key, books.Authenticate(first.Text));
        Assert.Equal(third.Key, books.Authenticate(third.Text));
        await books.RevokeKeyAsync(first.Key.Id);
        await books.RevokeCustomerAsync(second.Key.CustomerId);
        await books.RevokeAppAsync(ledger.App.Id);
        Assert.Null(books.Authenticate(first.Text));
        Assert.Null(books.Authenticate(second.Text));
        Assert.Null(books.Authenticate(third.Text));
    }

    [Fact]
    public async Task Anything_but_the_exact_text_opens_nothing()
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var issued = await ledger.IssueAsync();
        var other = await ledger.IssueAsync();
        var secret = issued.Text[^52..];
        string?[] wrong =
        [
            null, "", "ayni_", "ayni__", "Bearer x", issued.Text[..^1], issued.Text + "0", issued.Text.ToUpperInvariant(), issued.Text + "\0",
            " " + issued.Text, issued.Text[..^1] + (issued.Text[^1] == '0' ? '1' : '0'), $"ayni_{other.Key.Id[4..]}_{secret}",
            $"ayni_{issued.Key.Id}_{secret}",
            $"ayni_000000000000_{secret}", $"ayni__{secret}", $"ayni_{new string('k', 100_000)}_{secret}", $"ayni_{issued.Key.Id[4..]}'--_{secret}",
        ];
        Assert.All(wrong, text => Assert.Null(ledger.Books.Authenticate(text)));
    }

    [Fact]
    public async Task Another_instance_honours_a_revocation_at_once()
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var issued = await ledger.IssueAsync();
        await using var other = Books.Open(ledger.Path, ledger.Clock);
        Assert.NotNull(other.Authenticate(issued.Text));
        await ledger.Books.RevokeKeyAsync(issued.Key.Id);
        Assert.Null(other.Authenticate(issued.Text));
    }

    [SqliteFact]
    public async Task The_secret_is_nowhere_in_the_file()
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var issued = await ledger.IssueAsync();
        await ledger.ReopenAsync();
        var content = Encoding.Latin1.GetString(File.ReadAllBytes(ledger.Path));
        Assert.Contains(issued.Key.Id, content, StringComparison.Ordinal);
        Assert.DoesNotContain(issued.Text[^52..], content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_of_every_role_is_kept_with_whom_it_acts_for()
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var issued = new List<IssuedKey> { await ledger.IssueAsync(ofApp: true) };
        foreach (var role in Enum.GetValues<KeyRole>().Except([KeyRole.Customer]))
            issued.Add(await ledger.Books.IssueKeyAsync(role, role.Name(), role == KeyRole.Party ? ledger.Host.Id : null));
        await ledger.ReopenAsync();
        Assert.Equal(issued.Select(key => key.Key), ledger.Books.ListKeys());
        Assert.All(issued, key => Assert.Equal(key.Key, ledger.Books.Authenticate(key.Text)));
        Assert.Equal(ledger.Host.Id, issued.Single(key => key.Key.Role == KeyRole.Party).Key.PartyId);
        Assert.Throws<InvalidOperationException>(() => issued[0].Key.PartyId);
        Assert.Throws<InvalidOperationException>(() => issued[1].Key.CustomerId);
    }

    [Fact]
    public async Task A_role_and_whom_it_acts_for_go_together()
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var books = ledger.Books;
        await TestLedger.RefusedAsync(Refusal.InvalidKeyRole, () => books.IssueKeyAsync(KeyRole.Customer, "x"));
        await TestLedger.RefusedAsync(Refusal.InvalidKeyRole, () => books.IssueKeyAsync(KeyRole.Party, "x"));
        await TestLedger.RefusedAsync(Refusal.InvalidKeyRole, () => books.IssueKeyAsync(KeyRole.Operator, "x", ledger.Host.Id));
        await TestLedger.RefusedAsync(Refusal.UnknownParty, () => books.IssueKeyAsync(KeyRole.Party, "x", "pty_nobody"));
        await TestLedger.RefusedAsync(Refusal.InvalidText, () => books.IssueKeyAsync(KeyRole.Meter, ""));
        Assert.False(KeyRoleNames.TryParse("king", out _));
    }

    [Fact]
    public async Task A_revoked_partys_key_still_opens()
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        var issued = await ledger.Books.IssueKeyAsync(KeyRole.Party, "x", ledger.Host.Id);
        await ledger.Books.RevokePartyAsync(ledger.Host.Id);
        Assert.NotNull(ledger.Books.Authenticate(issued.Text));
    }
}
