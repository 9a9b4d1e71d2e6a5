using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Months with adjustments, worked out by hand.</summary>
public sealed class AdjustmentTests
{
    private static readonly Period November = TestLedger.Period, December = TestLedger.Period.Next;

    [Fact]
    public async Task A_volume_true_up_charges_the_whole_month_at_the_step_it_reached()
    {
        await using var ledger = await PlannedAsync(
            """
            model: llama
            currency: EUR
            input: 0
            tiers:
              kind: volume
              metric: output
              steps:
                - {up_to: 1_000_000, rate: 1.50}
                - {up_to: 2_000_000, rate: 1.20}
                - {rate: 1}
            """);
        var (key, ofApp) = await KeysAsync(ledger);
        // 800,000 are in the first step: 0.8 × 1.50 = 1.20. With 400,000 more the month reaches the second: 0.4 × 1.20 = 0.48.
        Assert.Equal(Eur("1.20"), (await ledger.UseAsync(ofApp, 0, 0, 800_000)).Charge);
        Assert.Equal(Eur("0.48"), (await ledger.UseAsync(key, 0, 0, 400_000)).Charge);
        var late = ledger.Usage(key, 0, 0, 900_000);

        // All 1,200,000 at 1.20 are 1.44; charged are 1.68. The 0.24 are the app's: 0.8 × (1.20 − 1.50).
        ledger.Clock.Now = November.End;
        await CloseAsync(ledger, November);
        var trueUp = Assert.Single(ledger.Books.ListAdjustments(November));
        Assert.Equal(
            (1, AdjustmentType.VolumeTrueUp, "model:llama", Eur("-0.24")), (trueUp.Number, trueUp.Type, trueUp.Subject, trueUp.Amount));
        Assert.Equal(ledger.App.Id, Assert.Single(trueUp.Parts).Share.AppId);
        Assert.Equal("The month's 1,200,000 output tokens reach the step at 1.20 EUR a million.", trueUp.Explanation);
        // The licensor's 30 % are of what each line comes to with it: 0.48 and 1.20 − 0.24 = 0.96.
        AssertGross(ledger, November, ("", "0.48"), (ledger.App.Id, "0.96"));

        // A late receipt takes November to 2,100,000 and is charged at the third step: 0.9 × 1 = 0.90.
        Assert.Equal(Eur("0.90"), (await ledger.Books.PostAsync(late)).Charge);
        // In December November is trued up again. The app's: 0.8 × (1 − 1.50) = −0.40, of which −0.24 were posted; the other's: 0.4 × (1 −
        // 1.20).
        ledger.Clock.Now = December.End;
        await CloseAsync(ledger, December);
        var second = Assert.Single(ledger.Books.ListAdjustments(December));
        Assert.Equal((2, December, November, Eur("-0.24")), (second.Number, second.Period, second.ServicePeriod, second.Amount));
        Assert.Equal([Eur("-0.08"), Eur("-0.16")], second.Parts.Select(part => part.Amount));
        // 1.20 + 0.48 + 0.90 − 0.24 − 0.24 = 2.10: 2,100,000 at 1.
        Assert.Equal(Eur("2.10"), ledger.Books.UnpaidCharges(key.CustomerId!));
        AssertGross(ledger, December, ("", "0.82"), (ledger.App.Id, "-0.16"));
    }

    [Fact]
    public async Task A_month_that_stays_in_one_step_needs_no_true_up()
    {
        await using var ledger = await PlannedAsync(
            "model: llama\ncurrency: EUR\ninput: 0\n"
            + "tiers: {kind: volume, metric: output, steps: [{up_to: 10, rate: 0.0000005}, {rate: 0.0000001}]}");
        var (key, _) = await KeysAsync(ledger);
        for (var i = 0; i < 10; i++)
            await ledger.UseAsync(key, 0, 0, 1);
        ledger.Clock.Now = November.End;
        await CloseAsync(ledger, November);
        Assert.Empty(ledger.Books.ListAdjustments(November));
    }

    [Fact]
    public async Task A_package_begun_is_charged_whole_and_shared_as_its_requests_are_worth()
    {
        await using var ledger = await PlannedAsync(
            "model: llama\ncurrency: EUR\ninput: 0\noutput: 0\ntiers: {kind: package, metric: requests, size: 1000, price: 10}");
        var (key, ofApp) = await KeysAsync(ledger);
        foreach (var each in new[] { key, ofApp, ofApp })
            Assert.Equal(Eur("0.01"), (await ledger.UseAsync(each, 5, 0, 5)).Charge);
        ledger.Clock.Now = November.End;
        await CloseAsync(ledger, November);
        // One package of 10, of which 0.03 are charged. Of 9.97 the app's two requests have 6.64666…67, the other 3.32333…33.
        var remainder = Assert.Single(ledger.Books.ListAdjustments(November));
        Assert.Equal((AdjustmentType.PackageRemainder, Eur("9.97")), (remainder.Type, remainder.Amount));
        Assert.Equal([Eur("3.323333333333"), Eur("6.646666666667")], remainder.Parts.Select(part => part.Amount));
        Assert.Equal("3 requests take 1 packages of 1,000 at 10.00 EUR.", remainder.Explanation);
        Assert.Equal(Eur("10"), ledger.Books.UnpaidCharges(key.CustomerId!));
    }

    [Theory]
    [InlineData(4_999_999, "0.000001")]
    [InlineData(5_000_000, null)]
    [InlineData(5_000_001, null)]
    [InlineData(1_250_000, "3.75")]
    public async Task A_month_with_use_costs_its_minimum(long tokens, string? lacking)
    {
        await using var ledger = await PlannedAsync("model: llama\ncurrency: EUR\ninput: 1\noutput: 0\nminimum: 5");
        var (key, _) = await KeysAsync(ledger);
        await ledger.KeyAsync(); // A customer who uses nothing owes nothing.
        await ledger.UseAsync(key, tokens, 0, 0);
        ledger.Clock.Now = November.End;
        await CloseAsync(ledger, November);
        Assert.Equal(lacking is null ? [] : [Eur(lacking)], ledger.Books.ListAdjustments(November).Select(adjustment => adjustment.Amount));
    }

    [Fact]
    public async Task The_price_that_took_effect_last_has_the_minimum_whatever_the_order_they_were_set_in()
    {
        await using var ledger = await PlannedAsync("model: llama\ncurrency: EUR\ninput: 1\noutput: 0\nminimum: 5");
        await ledger.Books.SetPriceAsync(
            Plans.Read("model: llama\ncurrency: EUR\ninput: 1\noutput: 0\nminimum: 7"), new DateTimeOffset(2026, 11, 29, 0, 0, 0, TimeSpan.Zero));
        await ledger.Books.SetPriceAsync(
            Plans.Read("model: llama\ncurrency: EUR\ninput: 1\noutput: 0\nminimum: 3"), new DateTimeOffset(2026, 11, 28, 0, 0, 0, TimeSpan.Zero));
        var (key, _) = await KeysAsync(ledger);
        foreach (var day in new[] { 27, 28, 29 })
        {
            ledger.Clock.Now = new(2026, 11, day, 12, 0, 0, TimeSpan.Zero);
            await ledger.UseAsync(key, 1_000_000, 0, 0);
        }
        ledger.Clock.Now = November.End;
        await CloseAsync(ledger, November);
        Assert.Equal(Eur("4"), Assert.Single(ledger.Books.ListAdjustments(November)).Amount);
    }

    [Fact]
    public async Task A_late_receipt_uses_up_a_minimum_that_was_paid_for()
    {
        await using var ledger = await PlannedAsync("model: llama\ncurrency: EUR\ninput: 1\noutput: 0\nminimum: 5");
        var (key, _) = await KeysAsync(ledger);
        await ledger.UseAsync(key, 1_250_000, 0, 0);
        var late = ledger.Usage(key, 500_000, 0, 0);
        ledger.Clock.Now = November.End;
        await CloseAsync(ledger, November);
        await ledger.Books.PostAsync(late);
        ledger.Clock.Now = December.End;
        await CloseAsync(ledger, December);
        // 1.25 + 3.75 were November's; 0.50 more are used, 3.25 are lacking: 0.50 are given back. December itself has no use, so no
        // minimum.
        var adjustment = Assert.Single(ledger.Books.ListAdjustments(December));
        Assert.Equal((November, Eur("-0.50")), (adjustment.ServicePeriod, adjustment.Amount));
        Assert.Equal("The month comes to 1.75 EUR, and to at least 5.00 EUR.", adjustment.Explanation);
        Assert.Equal(Eur("5"), ledger.Books.UnpaidCharges(key.CustomerId!));
    }

    [Fact]
    public async Task A_close_that_was_cut_short_posts_the_rest_and_nothing_twice()
    {
        await using var ledger = await PlannedAsync("model: llama\ncurrency: EUR\ninput: 1\noutput: 0\nminimum: 5");
        for (var i = 0; i < 3; i++)
            await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        ledger.Clock.Now = November.End;
        var expected = ledger.Books.ListAdjustments(November);
        // What a crash leaves after the first of three adjustments.
        await using (var writer = new Writer(Database.At(ledger.Path), Database.At(ledger.Path).OpenWriter(), ledger.Clock, new(ledger.Clock)))
        {
            await writer.RunAsync(transaction => PeriodClose.Begin(transaction, November), default);
            await writer.RunAsync(transaction => AdjustmentPosting.Post(transaction, [.. expected.Take(1)]), default);
        }
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ledger.Books.ClosePeriodAsync(November)));
        Assert.Equal(expected.Select((adjustment, i) => adjustment with { Number = i + 1 }), ledger.Books.ListAdjustments(November));
        Assert.Equal([1L, 2L, 3L], ledger.Books.ListAdjustments(November).Select(adjustment => adjustment.Number));
        Assert.Equal(3, ledger.Books.ListEntries(November).Entries.Count(entry => entry.Kind == EntryKind.MinimumCharge));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Adjustments_never_change()
    {
        await using var ledger = await PlannedAsync("model: llama\ncurrency: EUR\ninput: 1\noutput: 0\nminimum: 5");
        await ledger.UseAsync(await ledger.KeyAsync(), 1, 0, 0);
        ledger.Clock.Now = November.End;
        await CloseAsync(ledger, November);
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("UPDATE adjustments SET amount = '0.000000000000'"));
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("DELETE FROM adjustment_parts"));
        ledger.Tamper("adjustments", "UPDATE adjustments SET amount = '1.000000000000'");
        Assert.NotEmpty(ledger.Books.Audit());
    }

    internal static async Task CloseAsync(TestLedger ledger, Period period)
    {
        var (estimate, adjustments) = (ledger.Books.Settle(period), ledger.Books.ListAdjustments(period));
        Assert.Equal(estimate.Totals.ToArray(), (await ledger.Books.ClosePeriodAsync(period)).Totals.ToArray());
        Assert.Equal(adjustments.Select(adjustment => adjustment.Explanation), ledger.Books.ListAdjustments(period).Select(a => a.Explanation));
        Assert.Empty(ledger.Books.Audit());
    }

    internal static async Task<TestLedger> PlannedAsync(string plan)
    {
        var ledger = await ReadyAsync();
        await ledger.Books.SetPriceAsync(Plans.Read(plan));
        return ledger;
    }

    /// <summary>Two keys of one customer, the second of the app.</summary>
    internal static async Task<(ApiKey Key, ApiKey OfApp)> KeysAsync(TestLedger ledger)
    {
        var key = await ledger.KeyAsync();
        return (key, (await ledger.Books.IssueKeyAsync(key.CustomerId!, "app", ledger.App.Id)).Key);
    }

    private static void AssertGross(TestLedger ledger, Period period, params (string App, string Gross)[] expected) => Assert.Equal(
        expected.Select(line => (line.App, Eur(line.Gross))),
        ledger.Books.Statement(period, ledger.Licensor.Id).Lines.Select(line => (line.AppId ?? "", line.Gross)));
}
