using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class PeriodCloseTests
{
    [Fact]
    public async Task A_clock_that_was_set_back_into_a_closed_month_changes_nothing_of_it()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var closed = ledger.Books.Statements(TestLedger.Period);

        ledger.Clock.Now = TestLedger.Period.End.AddMicroseconds(-1);
        await RefusedAsync(Refusal.ClockSkewed, () => ledger.SetPriceAsync("EUR", "9", "9", "9"));
        await RefusedAsync(Refusal.ClockSkewed, () => ledger.Books.EnterAgreementAsync(
            "terms.yaml",
            "agreement: bard\nmodel: llama\ncurrency: EUR\ncollector: host\nshares: [{name: royalty, payee: licensor, rate: 50%, fixed: 5}]"));
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.SetPriceAsync("EUR", "9", "9", "9");
        Assert.Equal(closed, ledger.Books.Statements(TestLedger.Period));
        Assert.Empty(ledger.Books.Audit());
    }

    private static readonly Period November = TestLedger.Period;
    private static readonly Period December = TestLedger.Period.Next;

    [Fact]
    public async Task A_period_is_not_closed_while_a_host_answers_its_requests()
    {
        await using var ledger = await ReadyAsync();
        var november = TestLedger.Period;
        ledger.Clock.Now = november.End.AddSeconds(-20);
        var busy = await ledger.Books.BeginHostAsync("busy");
        var gone = await ledger.Books.BeginHostAsync("gone");
        await ledger.Books.RenewHostAsync(gone, ledger.Clock.Now);
        var key = await ledger.KeyAsync();
        var usage = ledger.Usage(key, 1_000_000, 0, 0);
        ledger.Clock.Now = november.End.AddSeconds(2);
        // A run that began in December has none of November's.
        await ledger.Books.RenewHostAsync(await ledger.Books.BeginHostAsync("new"));
        // What it does not tell of, it may still have.
        await RefusedAsync(Refusal.RequestsUnderWay, () => ledger.Books.ClosePeriodAsync(november));
        await ledger.Books.RenewHostAsync(busy, usage.Admission.AdmittedAt);
        ledger.Clock.Now = november.End.AddSeconds(25);
        await ledger.Books.RenewHostAsync(busy, usage.Admission.AdmittedAt);
        var refused = await RefusedAsync(Refusal.RequestsUnderWay, () => ledger.Books.ClosePeriodAsync(november));
        Assert.StartsWith("busy still answers", refused.Message, StringComparison.Ordinal);
        await ledger.Books.PostAsync(usage);
        await ledger.Books.RenewHostAsync(busy, november.End.AddSeconds(1));
        Assert.Equal(PeriodStatus.Closed, (await ledger.Books.ClosePeriodAsync(november)).Status);
        Assert.Equal(november, Assert.Single(ledger.Books.ListReceipts(new()).Receipts).Period);
    }

    [Fact]
    public async Task A_month_with_a_subscriptions_fee_alone_is_listed()
    {
        await using var ledger = await ReadyAsync();
        await ledger.Books.SetPriceAsync(Plans.Read("name: pro\nmodel: llama\ncurrency: EUR\nfee: 5\ninput: 1\noutput: 1"));
        var customer = await ledger.Books.CreateCustomerAsync("Rumi", Currency.Parse("EUR"));
        Assert.Empty(ledger.Books.ListPeriods());
        await ledger.Books.StartSubscriptionAsync(customer.Id, "pro");
        Assert.Equal([TestLedger.Period], ledger.Books.ListPeriods().Select(state => state.Period));
        ledger.Clock.Now = TestLedger.Period.End;
        Assert.Equal([TestLedger.Period, TestLedger.Period.Next], ledger.Books.ListPeriods().Select(state => state.Period));
    }

    [Fact]
    public async Task A_closed_month_is_computed_once_and_an_open_one_for_each_who_asks()
    {
        await using var ledger = await ReadyAsync();
        using var readers = new Readers(Database.At(ledger.Path));
        var settlements = new ClosedSettlements();
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        var open = Read(November);
        Assert.NotSame(open, Read(November));
        ledger.Clock.Now = November.End;
        await ledger.Books.ClosePeriodAsync(November);
        var closed = Read(November);
        Assert.Equal((PeriodStatus.Open, PeriodStatus.Closed), (open.Status, closed.Status));
        // Others are asked for meanwhile, but fewer than are kept.
        for (var period = new Period(2025, 1); period < new Period(2026, 3); period = period.Next)
            Read(period);
        Assert.Same(closed, Read(November));

        Settlement Read(Period period) => readers.Read(session => settlements.Of(session, period));
    }

    [Fact]
    public async Task A_period_that_has_not_ended_stays_open()
    {
        await using var ledger = await ReadyAsync();
        ledger.Clock.Now = November.End.AddTicks(-10);
        await RefusedAsync(Refusal.PeriodNotEnded, () => ledger.Books.ClosePeriodAsync(November));
        Assert.Equal(PeriodStatus.Open, ledger.Books.StatusOf(November));
        ledger.Clock.Now = November.End;
        await ledger.Books.ClosePeriodAsync(November);
        Assert.Equal(PeriodStatus.Closed, ledger.Books.StatusOf(November));
    }

    [Fact]
    public async Task Periods_close_in_order_and_empty_ones_with_the_next()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1_000_000, 0, 0);
        ledger.Clock.Now = December.Next.Next.End;
        var refused = await RefusedAsync(Refusal.EarlierPeriodOpen, () => ledger.Books.ClosePeriodAsync(December));
        Assert.Contains("2026-11", refused.Message, StringComparison.Ordinal);
        await ledger.Books.ClosePeriodAsync(November);
        await ledger.Books.ClosePeriodAsync(December.Next);
        Assert.Equal(PeriodStatus.Closed, ledger.Books.StatusOf(December));
        Assert.Empty(ledger.Books.ListEntries(December).Entries);
        Assert.Equal(PeriodStatus.Open, ledger.Books.StatusOf(December.Next.Next));
    }

    [Fact]
    public async Task Closing_again_gives_the_same_and_posts_nothing()
    {
        await using var ledger = await BusyAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ledger.Books.ClosePeriodAsync(November)));
        await using (var other = Books.Open(ledger.Path, ledger.Clock))
            Assert.Equal(results[0], await other.ClosePeriodAsync(November));
        Assert.All(results, result => Assert.Equal(results[0], result));
        var kinds = ledger.Books.ListEntries(November).Entries.CountBy(entry => entry.Kind).ToDictionary();
        Assert.Equal((10, 1, 3), (kinds[EntryKind.Charge], kinds[EntryKind.Distribution], kinds[EntryKind.Payable]));
    }

    [Fact]
    public async Task A_close_that_was_interrupted_is_finished_by_closing_again()
    {
        await using var ledger = await BusyAsync();
        var estimate = ledger.Books.Settle(November);
        // The state a crash leaves between the first transaction and the last.
        ledger.Sql("INSERT INTO periods (period, status, closing_since) VALUES ('2026-11', 'closing', 0)");
        await ledger.ReopenAsync();
        Assert.Equal(PeriodStatus.Closing, ledger.Books.StatusOf(November));
        ledger.Clock.Now = December.End;
        await RefusedAsync(Refusal.EarlierPeriodOpen, () => ledger.Books.ClosePeriodAsync(December));
        Assert.Equal(estimate.Totals.ToArray(), (await ledger.Books.ClosePeriodAsync(November)).Totals.ToArray());
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Receipts_that_race_with_the_close_are_in_it_or_in_the_next_period()
    {
        await using var ledger = await BusyAsync();
        var key = await ledger.KeyAsync();
        ledger.Clock.Now = November.End.AddMicroseconds(-1);
        var usages = Enumerable.Range(0, 100).Select(i => ledger.Usage(key, i, 0, 0)).ToArray();
        ledger.Clock.Now = November.End;
        var close = Task.Run(() => ledger.Books.ClosePeriodAsync(November));
        await Task.WhenAll(usages.Select(usage => ledger.Books.PostAsync(usage)));
        await close;
        ledger.Clock.Now = December.End;
        var december = await ledger.Books.ClosePeriodAsync(December);
        var charged = ledger.Books.ListReceipts(new(Limit: 1000)).Receipts.Aggregate(Eur("0"), (sum, receipt) => sum + receipt.Charge);
        var paid = ledger.Books.Balances().Where(balance => balance.Account.Name.EndsWith(":payable", StringComparison.Ordinal))
            .Aggregate(Eur("0"), (sum, balance) => sum - balance.Net);
        Assert.Equal(charged, december.Totals.Aggregate(paid, (sum, total) => sum + total.CarryOut));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task The_database_itself_refuses_entries_in_a_closed_period()
    {
        await using var ledger = await BusyAsync();
        await ledger.Books.ClosePeriodAsync(November);
        Refused("INSERT INTO entries VALUES (999, 0, '2026-11', '2026-11', 'charge', 'x')");
        Refused("INSERT INTO entries VALUES (999, 0, '2026-10', '2026-10', 'payable', 'x')");
        Refused("UPDATE periods SET status = 'closing'");
        Refused("DELETE FROM periods");
        ledger.Sql("INSERT INTO entries VALUES (999, 0, '2026-12', '2026-12', 'charge', 'x')");

        void Refused(string sql)
        {
            var error = Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql(sql));
            Assert.Contains("closed period", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_close_that_does_not_add_up_posts_nothing()
    {
        await using var ledger = await BusyAsync();
        // A journal somebody tampered with: the revenue account no longer is what the receipts come to.
        ledger.Sql("UPDATE accounts SET credits = '1.000000000000' WHERE name = 'revenue:2026-11:llama'");
        await Assert.ThrowsAsync<SettlementDefectException>(() => ledger.Books.ClosePeriodAsync(November));
        Assert.Equal(PeriodStatus.Closing, ledger.Books.StatusOf(November));
        Assert.Equal(10, ledger.Books.ListEntries(November).Entries.Count);
        Assert.NotEmpty(ledger.Books.Audit());
    }

    /// <summary>A ledger with ten receipts of November, at its end.</summary>
    private static async Task<TestLedger> BusyAsync()
    {
        var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(ofApp: true);
        for (var i = 1; i <= 10; i++)
            await ledger.UseAsync(key, i * 100_000, i * 7, i * 33_333);
        ledger.Clock.Now = November.End;
        return ledger;
    }
}
