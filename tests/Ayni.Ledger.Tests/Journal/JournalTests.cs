using System.Data.Common;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class JournalTests
{
    [Fact]
    public async Task A_charge_debits_the_customer_and_credits_the_months_revenue()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var receipt = await ledger.UseAsync(key, 1_000_000, 0, 0);
        var entry = Assert.Single(ledger.Books.ListEntries(TestLedger.Period).Entries);
        Assert.Equal((1, EntryKind.Charge, receipt.Id, November), (entry.Number, entry.Kind, entry.Reference, entry.RecordedAt));
        Assert.Equal(
            [new(Account.Receivable(key.CustomerId), Eur("0.5")), new Posting(Account.Revenue(TestLedger.Period, Model), Eur("-0.5"))],
            entry.Postings.ToArray());
        Assert.Equal(
            [
                new(Account.Receivable(key.CustomerId), Eur("0.5"), Eur("0")),
                new Balance(Account.Revenue(TestLedger.Period, Model), Eur("0"), Eur("0.5")),
            ],
            ledger.Books.Balances());
    }

    [Fact]
    public async Task A_close_moves_revenue_to_the_parties_and_leaves_none()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(ofApp: true), 999_999, 0, 0); // 0.4999995
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var balances = ledger.Books.Balances().ToDictionary(balance => balance.Account, balance => balance.Net);
        Assert.Equal(Eur("0"), balances[Account.Revenue(TestLedger.Period, Model)]);
        Assert.Equal(Eur("-0.24"), balances[Account.Payable(ledger.Host.Id)]); // 50 % = 0.24999975
        Assert.Equal(Eur("-0.00999975"), balances[Account.Carry(ledger.Host.Id)]);
        Assert.Equal(2, ledger.Books.Balances(ledger.Host.Id).Count);
        Assert.Empty(ledger.Books.Balances("pty_nobody"));
        var pages = new List<Entry>();
        for (long? next = 0; next is not null;)
        {
            var page = ledger.Books.ListEntries(TestLedger.Period, next.Value, 2);
            pages.AddRange(page.Entries);
            next = page.Next;
        }
        Assert.Equal(ledger.Books.ListEntries(TestLedger.Period).Entries, pages);
        Assert.Equal(5, pages.Count); // a charge, a distribution, three payables
    }

    [Fact]
    public void An_entry_out_of_balance_in_any_currency_is_a_defect()
    {
        var yen = Amount.Parse("1", Currency.Parse("JPY"));
        var account = Account.Payable("x");
        Balancing.Demand(EntryKind.Charge, "r", [new(account, Eur("1")), new(account, yen), new(account, Eur("-1")), new(account, -yen)]);
        Assert.Throws<UnbalancedEntryException>(() => Balancing.Demand(EntryKind.Charge, "r", [new(account, Eur("1"))]));
        Assert.Throws<UnbalancedEntryException>(
            () => Balancing.Demand(EntryKind.Charge, "r", [new(account, Eur("1")), new(account, -yen)]));
        Assert.Throws<UnbalancedEntryException>(
            () => Balancing.Demand(EntryKind.Charge, "r", [new(account, Eur("1")), new(account, Eur("-0.999999999999"))]));
    }

    [Theory]
    [InlineData("entries", "reference = 'x'")]
    [InlineData("postings", "amount = '1.000000000000'")]
    [InlineData("receipts", "number = 7")]
    [InlineData("prices", "input_per_million = '0.000000000000'")]
    [InlineData("agreements", "effective_from = 0")]
    [InlineData("acceptances", "note = 'another'")]
    public async Task Nothing_recorded_can_be_changed_or_deleted(string table, string change)
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1, 1, 1);
        Assert.ThrowsAny<DbException>(() => ledger.Sql($"UPDATE {table} SET {change}"));
        Assert.ThrowsAny<DbException>(() => ledger.Sql($"DELETE FROM {table}"));
    }

    [Theory]
    [InlineData("postings", "amount = '0.000001000000' WHERE entry = 2 AND line = 0", "out of balance")]
    [InlineData("accounts", "debits = '9.000000000000' WHERE name LIKE '%receivable'", "its postings come to")]
    [InlineData("receipts", "canonical = (SELECT canonical FROM receipts WHERE entry = 1) WHERE entry = 2", "from receipt 1 to 1")]
    [InlineData("entries", "reference = 'rcp_other' WHERE number = 3", "is charged as rcp_other")]
    public async Task The_audit_finds_what_was_tampered_with(string table, string change, string finding)
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        for (var i = 0; i < 3; i++)
            await ledger.UseAsync(key, i, i, i);
        Assert.Empty(ledger.Books.Audit());
        ledger.Tamper(table, $"UPDATE {table} SET {change}");
        Assert.Contains(ledger.Books.Audit(), text => text.Contains(finding, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("postings", "amount = '-4.000000000000' WHERE line = 1 AND entry = (SELECT min(number) FROM entries WHERE kind = 'distribution')", "the distribution of llama in 2026-11 is not posted as it is due")]
    [InlineData("entries", "reference = 'pty_other' WHERE number = (SELECT max(number) FROM entries WHERE kind = 'payable')", "the payable of pty_other in 2026-11")]
    [InlineData("invoice_lines", "amount = '9.000000000000'", "are not what 2026-11 comes to")]
    [InlineData("invoices", "total = '9.000000000000' WHERE kind = 'invoice'", "is not what entry")]
    [InlineData("payments", "amount = '9.000000000000'", "is not what entry")]
    [InlineData("payments", "entry = 1", "which is no document's")]
    [InlineData("write_offs", "amount = '8.000000000000'", "is not what entry")]
    [InlineData("payouts", "amount = '9.000000000000'", "is not what entry")]
    [InlineData("payout_events", "kind = 'returned'", "is not what entry")]
    public async Task The_audit_finds_closes_documents_and_payments_that_are_not_what_was_posted(string table, string change, string finding)
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var invoice = Assert.Single(ledger.Books.ListInvoices(InvoiceKind.Invoice));
        var today = DateOnly.FromDateTime(ledger.Clock.Now.UtcDateTime);
        await ledger.Books.RecordPaymentAsync(invoice.Recipient.Subject, Eur("1.00"), "bank-1", today);
        await ledger.Books.WriteOffAsync(invoice.Number, "lost");
        var payout = Assert.Single((await ledger.Books.OrderPayoutsAsync(Currency.Parse("EUR"), today)).Payouts);
        await ledger.Books.MarkPayoutPaidAsync(payout.Id, "bank-2", today);
        Assert.Empty(ledger.Books.Audit());
        ledger.Tamper(table, $"UPDATE {table} SET {change}");
        Assert.Contains(ledger.Books.Audit(), text => text.Contains(finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_audit_settles_each_month_again_with_what_agreements_carry()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync("agreement: bard\ncurrency: EUR\ncollector: host\nshares: [{name: royalty, payee: licensor, rate: 10%}]");
        await golden.ChargeAsync(await golden.Ledger.KeyAsync(), "500.00");
        await golden.CloseAsync();
        Assert.Empty(golden.Books.Audit());
        golden.Ledger.Tamper("share_carries", "UPDATE share_carries SET base = '1.000000000000'");
        Assert.Contains(golden.Books.Audit(), text => text.Contains("what share 'royalty' of bard carries of 2026-", StringComparison.Ordinal));
    }
}
