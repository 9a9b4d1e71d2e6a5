using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// What one customer used in one month under one model's price or one named plan, and what the month comes to beside its receipts' charges.
/// Everything is found as what is due less what was posted before, so that receipts that come after the month's close set it right, too.
/// </summary>
internal sealed class MonthAccount(string customerId, string scope, Period month, Currency currency, RevenueFacts facts)
{
    private readonly FlatRevenue _weights = new(currency, facts);
    private readonly SortedDictionary<AdjustmentShare, Dictionary<(long Version, UsageMetric Metric), TieredUse>> _tiered =
        new(Comparer<AdjustmentShare>.Create(FlatRevenue.Compare));
    private readonly SortedDictionary<long, PricePlan> _plans = [];
    private Price? _last;
    private MonthUse _use;
    private Amount _charges = Amount.Zero(currency);
    private Amount _freeWorth = Amount.Zero(currency);

    public string CustomerId => customerId;

    public string Scope => scope;

    public Period Month => month;

    public Currency Currency => currency;

    /// <summary>
    /// The plan whose minimum holds for the month: of those used in it the one that took effect last, unless a subscription says another.
    /// </summary>
    public PricePlan? Plan => _last?.Plan;

    /// <summary>Takes a receipt in, in posting order.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <param name="price">The price it was charged by.</param>
    /// <param name="before">Its place in the month.</param>
    public void Add(Receipt receipt, Price price, MonthUse before)
    {
        var plan = _plans[price.Version] = price.Plan;
        if (_last is null || (price.EffectiveFrom, price.Version).CompareTo((_last.EffectiveFrom, _last.Version)) > 0)
            _last = price;
        _weights.Add(receipt, plan);
        _charges += receipt.Charge;
        _use += MonthUse.Of(receipt.Counts);
        if (plan.Rules.Breakage == Breakage.Plan && plan.ListValue(receipt.Counts, receipt.Adapter?.Name) - receipt.Charge is { Sign: > 0 } free)
            _freeWorth += free;
        foreach (var tiers in plan.Tiers.Where(tiers => tiers is VolumeTiers or PackageTiers))
            Add(receipt, price.Version, tiers, plan.ChargedQuantity(tiers, receipt.Counts, before), before);
    }

    private void Add(Receipt receipt, long version, PriceTiers tiers, long more, MonthUse before)
    {
        var share = _weights.ShareOf(receipt);
        if (!_tiered.TryGetValue(share, out var uses))
            _tiered.Add(share, uses = []);
        var (quantity, charged) = uses.GetValueOrDefault((version, tiers.Metric));
        if (tiers is VolumeTiers volume)
            charged = checked(charged + volume.RateAt((before + MonthUse.Of(receipt.Counts)).Of(volume.Metric)).Units * more);
        uses[(version, tiers.Metric)] = new(checked(quantity + more), charged);
    }

    /// <summary>What the month comes to in a period beside its receipts' charges, in order of type.</summary>
    /// <param name="period">The period that closes.</param>
    /// <param name="earlier">What was posted for the month in periods before.</param>
    /// <param name="subscribed">The plan subscribed to and the month's fee, if this is a subscriber's month whose fee was not posted
    /// before.</param>
    /// <param name="withoutUse">What revenue it is that nothing was used for.</param>
    public IEnumerable<Adjustment> Adjust(
        Period period, IReadOnlyList<Adjustment> earlier, SubscribedMonth? subscribed, Func<AdjustmentShare> withoutUse)
    {
        var total = earlier.Aggregate(_charges, (sum, adjustment) => sum + adjustment.Amount);
        if (VolumeTrueUp(earlier) is { } trueUp)
            yield return Post(AdjustmentType.VolumeTrueUp, trueUp.Parts, trueUp.Explanation);
        if (PackageRemainder() is var (remainder, explanation)
            && Whole(AdjustmentType.PackageRemainder, remainder - Posted(AdjustmentType.PackageRemainder), explanation) is { } rest)
            yield return rest;
        if (subscribed is { Fee.Sign: > 0 })
            yield return Post(AdjustmentType.SubscriptionFee, FeeParts(subscribed, withoutUse), subscribed.Explanation);
        if ((subscribed?.Plan ?? Plan) is { Minimum: { Sign: > 0 } minimum })
        {
            var before = Posted(AdjustmentType.MinimumCharge);
            var used = total - before;
            var due = used < minimum ? minimum - used : Amount.Zero(currency);
            if (Whole(AdjustmentType.MinimumCharge, due - before, $"The month comes to {used}, and to at least {minimum}.") is { } lacking)
                yield return lacking;
        }

        Amount Posted(AdjustmentType type) => earlier.Where(adjustment => adjustment.Type == type)
            .Aggregate(Amount.Zero(currency), (sum, adjustment) => sum + adjustment.Amount);

        Adjustment? Whole(AdjustmentType type, Amount amount, string explanation) =>
            amount.Sign == 0 ? null : Post(type, _weights.Divide(amount, withoutUse), explanation);

        Adjustment Post(AdjustmentType type, ImmutableArray<AdjustmentPart> parts, string explanation)
        {
            var amount = parts.Aggregate(Amount.Zero(currency), (sum, part) => sum + part.Amount);
            total += amount;
            return new(0, type, customerId, scope, period, month, amount, explanation, parts);
        }
    }

    /// <summary>
    /// Whose revenue the fee is: that of all that was used, or where breakage is the plan's, of what it pays for by the list, and the rest
    /// of the plan's first model.
    /// </summary>
    private ImmutableArray<AdjustmentPart> FeeParts(SubscribedMonth subscribed, Func<AdjustmentShare> withoutUse)
    {
        var fee = subscribed.Fee;
        if (subscribed.Plan.Rules.Breakage == Breakage.Used || _freeWorth >= fee)
            return _weights.Divide(fee, withoutUse);
        if (_freeWorth.Sign == 0)
            return [new(withoutUse(), fee)];
        var parts = new SortedDictionary<AdjustmentShare, Amount>(Comparer<AdjustmentShare>.Create(FlatRevenue.Compare));
        foreach (var (share, amount) in _weights.Divide(_freeWorth, withoutUse).Append(new(withoutUse(), fee - _freeWorth)))
            parts[share] = parts.GetValueOrDefault(share, Amount.Zero(currency)) + amount;
        return [.. parts.Select(part => new AdjustmentPart(part.Key, part.Value))];
    }

    /// <summary>
    /// What all use costs at the steps that the month has reached, less what it was charged at, rounded once for each kind of revenue,
    /// price and metric; less what was posted before.
    /// </summary>
    private (ImmutableArray<AdjustmentPart> Parts, string Explanation)? VolumeTrueUp(IReadOnlyList<Adjustment> earlier)
    {
        var rates = new SortedDictionary<(long Version, UsageMetric Metric), Amount>();
        foreach (var (version, plan) in _plans)
        {
            foreach (var volume in plan.Tiers.OfType<VolumeTiers>())
                rates.Add((version, volume.Metric), volume.RateAt(_use.Of(volume.Metric)));
        }
        if (rates.Count == 0)
            return null;
        var parts = ImmutableArray.CreateBuilder<AdjustmentPart>();
        foreach (var (share, uses) in _tiered)
        {
            var amount = Amount.Zero(currency);
            foreach (var (key, rate) in rates)
            {
                var (quantity, charged) = uses.GetValueOrDefault(key);
                var due = new ExactCharge(currency);
                due.Add(new(new(checked(rate.Units * quantity - charged), currency), key.Metric.RateUnits()), 1);
                amount += due.Round();
            }
            foreach (var part in earlier.Where(adjustment => adjustment.Type == AdjustmentType.VolumeTrueUp)
                .SelectMany(adjustment => adjustment.Parts).Where(part => part.Share == share))
                amount -= part.Amount;
            if (amount.Sign != 0)
                parts.Add(new(share, amount));
        }
        if (parts.Count == 0)
            return null;
        var says = rates.GroupBy(rate => rate.Key.Metric).OrderBy(metric => metric.Key).Select(metric =>
        {
            var reached = string.Join(", ", metric.Select(rate => rate.Value).Distinct().Select(rate => rate.ToString()));
            return Say($"The month's {_use.Of(metric.Key):N0} {Noun(metric.Key)} reach the step at {reached} {Unit(metric.Key)}.");
        });
        return (parts.ToImmutable(), string.Join(' ', says));
    }

    private (Amount Amount, string Explanation)? PackageRemainder()
    {
        var (amount, says) = (Amount.Zero(currency), new List<string>());
        foreach (var (version, plan) in _plans)
        {
            foreach (var package in plan.Tiers.OfType<PackageTiers>())
            {
                var quantity = _tiered.Values.Sum(uses => uses.GetValueOrDefault((version, package.Metric)).Quantity);
                var packages = (quantity + package.Size - 1) / package.Size;
                var rest = new ExactCharge(currency);
                rest.AddOf(package.Price, packages * package.Size - quantity, package.Size);
                amount += rest.Round();
                says.Add(Say(
                    $"{quantity:N0} {Noun(package.Metric)} take {packages:N0} packages of {package.Size:N0} at {package.Price}."));
            }
        }
        return says.Count == 0 ? null : (amount, string.Join(' ', says));
    }

    private static string Noun(UsageMetric metric) => metric switch
    {
        UsageMetric.Tokens => "tokens",
        UsageMetric.Requests => "requests",
        _ => $"{metric.Name()} tokens",
    };

    private static string Unit(UsageMetric metric) => metric == UsageMetric.Requests ? "a request" : "a million";

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// What was charged under volume or package tiers: the quantity, and the sum of each rate it was charged at times its quantity, in
    /// units of money.
    /// </summary>
    private readonly record struct TieredUse(long Quantity, Int128 Charged);
}
