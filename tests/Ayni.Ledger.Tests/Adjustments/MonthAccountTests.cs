using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

/// <summary>For any plan and month, charges and adjustments together come to what the plan says the month costs.</summary>
public sealed class MonthAccountTests
{
    private static readonly Period Month = TestLedger.Period;

    /// <summary>A month's requests under a plan with tiers, each of an app or none, and how many were posted before its close.</summary>
    private static Gen<(PricePlan Plan, List<(TokenCounts Counts, string? App)> Requests, int InTime)> Months =>
        from plan in Plans.Any.Where(plan => plan.Tiers.Any(tiers => tiers is VolumeTiers or PackageTiers))
        from minimum in Gen.Choose(0, 60)
        from requests in (from request in Plans.Requests from app in Gen.Elements(null, "app_1", "app_2") select (request.Counts, app)).ListOf()
        from inTime in Gen.Choose(0, 10)
        select (plan with { Minimum = new(minimum, plan.Currency) }, requests.ToList(), inTime);

    [Fact]
    public void Volume_tiers_packages_and_a_minimum_come_to_what_they_say() => Prop.ForAll(Months.ToArbitrary(), input =>
    {
        var (charges, account, use, quantities) = Post(input.Plan, input.Requests);
        var adjustments = Adjust(account, []);
        var dust = input.Requests.Count * 2 + 16;
        foreach (var adjustment in adjustments)
        {
            if (adjustment.Amount != adjustment.Parts.Aggregate(Amount.Zero(input.Plan.Currency), (sum, part) => sum + part.Amount))
                return false;
        }
        // As if each request had been charged at the step that the whole month reached, and packages were free; then whole packages.
        var tiered = Post(
            input.Plan with
            {
                Tiers =
                [
                    .. input.Plan.Tiers.Select(tiers => tiers switch
                    {
                        VolumeTiers volume => new VolumeTiers(volume.Metric, [new(null, volume.RateAt(use.Of(volume.Metric)))]),
                        PackageTiers package => package with { Price = Amount.Zero(input.Plan.Currency) },
                        _ => tiers,
                    }),
                ],
                Minimum = Amount.Zero(input.Plan.Currency),
            },
            input.Requests, countsUse: input.Plan.CountsUse).Charges.Units;
        foreach (var package in input.Plan.Tiers.OfType<PackageTiers>())
            tiered += (quantities[package.Metric] + package.Size - 1) / package.Size * package.Price.Units;
        var total = adjustments.Aggregate(charges, (sum, adjustment) => sum + adjustment.Amount);
        var expected = input.Requests.Count > 0 ? Int128.Max(tiered, input.Plan.Minimum.Units) : 0;
        // Each receipt and each adjustment is rounded once, by half a unit at most.
        return Int128.Abs(total.Units - expected) <= dust;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void A_month_comes_to_the_same_whether_its_receipts_came_in_time_or_late() => Prop.ForAll(Months.ToArbitrary(), input =>
    {
        var inTime = Adjust(Post(input.Plan, input.Requests.Take(input.InTime)).Account, []);
        var late = Adjust(Post(input.Plan, input.Requests).Account, inTime);
        var atOnce = Adjust(Post(input.Plan, input.Requests).Account, []);
        return Enum.GetValues<AdjustmentType>().All(type => Sum(inTime.Concat(late), type) == Sum(atOnce, type));

        Amount Sum(IEnumerable<Adjustment> adjustments, AdjustmentType type) => adjustments.Where(adjustment => adjustment.Type == type)
            .Aggregate(Amount.Zero(input.Plan.Currency), (sum, adjustment) => sum + adjustment.Amount);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void Flat_revenue_is_divided_to_the_unit_and_free_use_bears_nothing() => Prop.ForAll(
        (from units in Gen.Choose(-1_000_000, 1_000_000)
         from uses in (from app in Gen.Choose(0, 4) from tokens in Gen.Choose(0, 20) select (app, tokens)).ListOf()
         select (units, uses)).ToArbitrary(),
        input =>
        {
            var currency = Currency.Parse("EUR");
            var (flat, paid, free) = (new FlatRevenue(currency, new()), Plans.Read("model: m\ncurrency: EUR\ninput: 3\noutput: 0"), "app_4");
            foreach (var (app, tokens) in input.uses)
            {
                var plan = app == 4 ? Plans.Read("model: m\ncurrency: EUR\ninput: 0\noutput: 0") : paid;
                flat.Add(Receipt(new(tokens, 0, 0), $"app_{app}", Amount.Zero(currency)), plan);
            }
            var nobody = new AdjustmentShare("m", null, null, 1);
            var amount = new Amount(input.units, currency);
            var parts = flat.Divide(amount, () => nobody);
            var weight = input.uses.Where(use => use.app != 4).Sum(use => use.tokens);
            return parts.Aggregate(Amount.Zero(currency), (sum, part) => sum + part.Amount) == amount
                && parts.All(part => part.Share.AppId != free)
                && (weight == 0 ? parts.Single().Share == nobody : parts.All(part => IsProportional(part)));

            // Within one unit of exact.
            bool IsProportional(AdjustmentPart part) => Int128.Abs(
                part.Amount.Units * weight
                - (Int128)input.units * input.uses.Where(use => $"app_{use.app}" == part.Share.AppId).Sum(use => use.tokens)) < weight;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    private static (Amount Charges, MonthAccount Account, MonthUse Use, Dictionary<UsageMetric, long> Quantities) Post(
        PricePlan plan, IEnumerable<(TokenCounts Counts, string? App)> requests, bool? countsUse = null)
    {
        var price = new Price(1, "llama", plan, TestLedger.November);
        var account = new MonthAccount("cus_1", price.Scope, Month, plan.Currency, new());
        var quantities = plan.Tiers.ToDictionary(tiers => tiers.Metric, _ => 0L);
        var (charges, use) = (Amount.Zero(plan.Currency), default(MonthUse));
        foreach (var (counts, app) in requests)
        {
            // A plan that does not count use is charged as if each request were the month's first.
            var before = countsUse ?? plan.CountsUse ? use : default;
            var charge = plan.Charge(counts, null, before);
            account.Add(Receipt(counts, app, charge), price, before);
            charges += charge;
            foreach (var tiers in plan.Tiers)
                quantities[tiers.Metric] += plan.ChargedQuantity(tiers, counts, before);
            use += MonthUse.Of(counts);
        }
        return (charges, account, use, quantities);
    }

    private static List<Adjustment> Adjust(MonthAccount account, IReadOnlyList<Adjustment> earlier) =>
        [.. account.Adjust(Month, earlier, null, () => new("llama", null, null, 1))];

    internal static Receipt Receipt(TokenCounts counts, string? app, Amount charge) => new()
    {
        Id = "rcp_1",
        RequestId = "req",
        KeyId = "key_1",
        KeyNumber = 1,
        PreviousHash = Digest.Zero,
        AdmittedAt = TestLedger.November,
        Period = Month,
        MeterId = null,
        Model = "llama",
        ModelDigest = Digest.Zero,
        Adapter = null,
        AppId = app,
        CustomerId = "cus_1",
        Counts = counts,
        Outcome = Outcome.Completed,
        PriceVersion = 1,
        AgreementVersion = 1,
        Charge = charge,
    };
}
