using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>The premium assistant: a month's fee with included tokens.</summary>
public sealed class SubscriptionTests
{
    private const string Premium =
        "name: premium\nmodels: [llama, mini]\ncurrency: EUR\ninput: 1\noutput: 3\nfree: {tokens: 1_000_000}\nfee: 20\n";

    private static readonly Period November = TestLedger.Period, December = TestLedger.Period.Next;

    [Fact]
    public async Task A_subscribers_month_is_its_fee_shared_by_what_was_used_and_what_exceeds_the_allowance()
    {
        await using var ledger = await PremiumAsync();
        var (key, ofApp) = await AdjustmentTests.KeysAsync(ledger);
        await ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium");
        // 600,000 of the million that is included, of llama and of the app: free; by the list 0.6 × 1 = 0.60.
        Assert.Equal(Eur("0"), (await ledger.UseAsync(ofApp, 600_000, 0, 0)).Charge);
        // 500,000 of mini's output: 400,000 are free, 100,000 × 3 / 10⁶ = 0.30; by the list 0.5 × 3 = 1.50.
        Assert.Equal(Eur("0.30"), (await UseMiniAsync(ledger, key, 500_000)).Charge);
        // Who doesn't subscribe pays everybody's price.
        Assert.Equal(Eur("0.30"), (await ledger.UseAsync(await ledger.KeyAsync(), 600_000, 0, 0)).Charge);

        ledger.Clock.Now = November.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        // 20 in proportion 0.60 to 1.50: 20 × 2/7 = 5.7142857142857…, 20 × 5/7 = 14.2857142857142…; the unit left goes to the larger rest.
        var fee = Assert.Single(ledger.Books.ListAdjustments(November));
        Assert.Equal((AdjustmentType.SubscriptionFee, "plan:premium", Eur("20")), (fee.Type, fee.Subject, fee.Amount));
        Assert.Equal(
            [("llama", ledger.App.Id, Eur("5.714285714286")), ("mini", null, Eur("14.285714285714"))],
            fee.Parts.Select(part => (part.Share.Model, part.Share.AppId, part.Amount)));
        Assert.Equal(Eur("20.30"), ledger.Books.UnpaidCharges(key.CustomerId!));
    }

    [Fact]
    public async Task A_month_without_use_is_the_plans_first_model_s()
    {
        await using var ledger = await PremiumAsync();
        var key = await ledger.KeyAsync();
        await ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium");
        ledger.Clock.Now = December.End;
        // November has a fee and no entry: it can't be passed over.
        await RefusedAsync(Refusal.EarlierPeriodOpen, () => ledger.Books.ClosePeriodAsync(December));
        foreach (var month in new[] { November, December })
        {
            await AdjustmentTests.CloseAsync(ledger, month);
            var part = Assert.Single(Assert.Single(ledger.Books.ListAdjustments(month)).Parts);
            Assert.Equal(("llama", null, Eur("20")), (part.Share.Model, part.Share.AppId, part.Amount));
        }
    }

    [Fact]
    public async Task A_subscription_ends_after_a_month_that_is_due_in_full()
    {
        await using var ledger = await PremiumAsync();
        var key = await ledger.KeyAsync();
        var subscription = await ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium");
        await RefusedAsync(Refusal.AlreadySubscribed, () => ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium"));
        var stopped = await ledger.Books.StopSubscriptionAsync(subscription.Id);
        Assert.Equal(stopped, Assert.Single(ledger.Books.ListSubscriptions()));
        Assert.Equal(November, stopped.Last);
        Assert.Equal(Eur("0"), (await ledger.UseAsync(key, 600_000, 0, 0)).Charge);
        ledger.Clock.Now = November.End;
        Assert.Equal(Eur("0.30"), (await ledger.UseAsync(key, 600_000, 0, 0)).Charge);
        await RefusedAsync(Refusal.AlreadySubscribed, () => ledger.Books.StopSubscriptionAsync(subscription.Id));
        // A second one after the first is a new one.
        await ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium", December.Next);
        await AdjustmentTests.CloseAsync(ledger, November);
        ledger.Clock.Now = December.End;
        await AdjustmentTests.CloseAsync(ledger, December);
        Assert.Single(ledger.Books.ListAdjustments(November));
        Assert.Empty(ledger.Books.ListAdjustments(December));
    }

    [Fact]
    public async Task A_new_fee_holds_from_the_month_that_begins_after_it()
    {
        await using var ledger = await PremiumAsync();
        var key = await ledger.KeyAsync();
        await ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium");
        ledger.Clock.Now = November.End.AddDays(-3);
        await ledger.Books.SetPriceAsync(Plans.Read(Premium.Replace("fee: 20", "fee: 25", StringComparison.Ordinal)));
        ledger.Clock.Now = December.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        await AdjustmentTests.CloseAsync(ledger, December);
        Assert.Equal(Eur("20"), Assert.Single(ledger.Books.ListAdjustments(November)).Amount);
        Assert.Equal(Eur("25"), Assert.Single(ledger.Books.ListAdjustments(December)).Amount);
    }

    [Fact]
    public async Task A_plan_may_charge_the_first_month_by_its_days()
    {
        await using var ledger = await PremiumAsync("proration: days\n");
        var key = await ledger.KeyAsync();
        // From the 5th on: 26 of November's 30 days, 20 × 26/30 = 17.333333333333.
        await ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium");
        Assert.Equal(Eur("0"), (await ledger.UseAsync(key, 1_000_000, 0, 0)).Charge);
        // One that begins with a month pays all of it, and so does one entered before its first month.
        var later = await ledger.KeyAsync();
        await ledger.Books.StartSubscriptionAsync(later.CustomerId!, "premium", December);
        ledger.Clock.Now = December.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        await AdjustmentTests.CloseAsync(ledger, December);
        var first = Assert.Single(ledger.Books.ListAdjustments(November));
        Assert.Equal(
            (Eur("17.333333333333"), "The month's subscription to premium is 20.00 EUR, for 26 of its 30 days 17.333333333333 EUR."),
            (first.Amount, first.Explanation));
        Assert.Equal([Eur("20"), Eur("20")], ledger.Books.ListAdjustments(December).Select(fee => fee.Amount));
    }

    [Fact]
    public async Task Breakage_may_be_the_plans_own()
    {
        await using var ledger = await PremiumAsync("breakage: plan\n");
        var (key, ofApp) = await AdjustmentTests.KeysAsync(ledger);
        await ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium");
        // Free and worth 0.60 by the list; 500,000 of mini's output are worth 1.50, of which 0.30 are charged: 1.20.
        await ledger.UseAsync(ofApp, 600_000, 0, 0);
        await UseMiniAsync(ledger, key, 500_000);
        ledger.Clock.Now = November.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        // 1.80 of the 20 are used: 0.60 to 1.50 of them, 0.514285714286 and 1.285714285714. The other 18.20 are llama's, of no app.
        Assert.Equal(
            [("llama", null, Eur("18.20")), ("llama", ledger.App.Id, Eur("0.514285714286")), ("mini", null, Eur("1.285714285714"))],
            Assert.Single(ledger.Books.ListAdjustments(November)).Parts.Select(part => (part.Share.Model, part.Share.AppId, part.Amount)));
    }

    [Fact]
    public async Task Free_use_may_bear_itself()
    {
        await using var ledger = await PremiumAsync("free_use: own\n");
        var (key, ofApp) = await AdjustmentTests.KeysAsync(ledger);
        await ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium");
        await ledger.UseAsync(ofApp, 600_000, 0, 0);
        await UseMiniAsync(ledger, key, 500_000);
        ledger.Clock.Now = November.End;
        await AdjustmentTests.CloseAsync(ledger, November);
        // Only mini was charged anything, 0.30: the fee is its.
        var part = Assert.Single(Assert.Single(ledger.Books.ListAdjustments(November)).Parts);
        Assert.Equal(("mini", null, Eur("20")), (part.Share.Model, part.Share.AppId, part.Amount));
    }

    [Fact]
    public async Task Refusals_are_named()
    {
        await using var ledger = await PremiumAsync();
        var (key, yen) = (await ledger.KeyAsync(), await ledger.KeyAsync("JPY"));
        await RefusedAsync(Refusal.UnknownPlan, () => ledger.Books.StartSubscriptionAsync(key.CustomerId!, "gold"));
        await RefusedAsync(Refusal.UnknownCustomer, () => ledger.Books.StartSubscriptionAsync("cus_x", "premium"));
        await RefusedAsync(Refusal.InvalidPrice, () => ledger.Books.StartSubscriptionAsync(yen.CustomerId!, "premium"));
        await RefusedAsync(
            Refusal.EffectiveInThePast, () => ledger.Books.StartSubscriptionAsync(key.CustomerId!, "premium", new(2026, 10)));
        await RefusedAsync(Refusal.UnknownSubscription, () => ledger.Books.StopSubscriptionAsync("sub_x"));
        await using var bare = await WithPartiesAsync();
        await bare.Books.SetPriceAsync(Plans.Read(Premium));
        var customer = (await bare.KeyAsync()).CustomerId!;
        await RefusedAsync(Refusal.NoAgreement, () => bare.Books.StartSubscriptionAsync(customer, "premium"));
    }

    private static async Task<TestLedger> PremiumAsync(string rules = "")
    {
        var ledger = await ReadyAsync();
        await ledger.Books.SetPriceAsync(Plans.Read(Premium + rules));
        return ledger;
    }

    private static Task<Receipt> UseMiniAsync(TestLedger ledger, ApiKey key, long generated) => ledger.Books.PostAsync(
        ledger.Usage(key, 0, 0, generated) with { Admission = Assert.IsType<Admission>(ledger.Books.Admit(key, "mini")) });
}
