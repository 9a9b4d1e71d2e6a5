using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// A price of one metric that depends on how much of it a customer uses in a month. It takes the place of the metric's flat rate.
/// </summary>
/// <param name="Metric">What is counted and priced.</param>
public abstract record PriceTiers(UsageMetric Metric)
{
    /// <summary>
    /// The rate of a million tokens, or of a request, that use is valued at where nothing depends on the month: that of the first step.
    /// </summary>
    public abstract UnitRate ListRate { get; }

    /// <summary>The highest rate that any use can be charged at.</summary>
    public abstract UnitRate HighestRate { get; }

    /// <summary>Whether they price what a metric counts.</summary>
    public bool Prices(UsageMetric metric) => Metric == metric || (Metric == UsageMetric.Tokens && metric != UsageMetric.Requests);

    /// <summary>What the units of the month from the first to the one after the last cost, line by line.</summary>
    /// <param name="start">The first.</param>
    /// <param name="end">The one after the last.</param>
    /// <param name="add">Takes what is counted, how much of it, and its rate.</param>
    internal abstract void Charge(long start, long end, Action<string, long, UnitRate> add);

    /// <summary>What the units of the month from the first to the one after the last cost.</summary>
    internal abstract void Charge(long start, long end, ref ExactCharge charge);
}

/// <summary>A rate that need not be a whole number of units: <paramref name="Amount"/> for so many of a metric.</summary>
/// <param name="Amount">What they cost.</param>
/// <param name="Units">How many, 1 or more.</param>
public readonly record struct UnitRate(Amount Amount, long Units);

/// <summary>One step of tiers.</summary>
/// <param name="UpTo">The last unit of the month that it holds for, that one included; null in the last step.</param>
/// <param name="Rate">The price of a million tokens, or of a request.</param>
public sealed record PriceStep(long? UpTo, Amount Rate);

/// <summary>Tiers in steps.</summary>
public abstract record SteppedTiers(UsageMetric Metric, ImmutableArray<PriceStep> Steps) : PriceTiers(Metric)
{
    /// <inheritdoc/>
    public override UnitRate ListRate => new(Steps[0].Rate, Metric.RateUnits());

    /// <inheritdoc/>
    public override UnitRate HighestRate => new(Steps.Select(step => step.Rate).Max(), Metric.RateUnits());

    /// <summary>The rate of the step that a quantity lies in: a million is still in the step up to a million.</summary>
    internal Amount RateAt(long quantity)
    {
        foreach (var step in Steps)
        {
            if (quantity <= (step.UpTo ?? long.MaxValue))
                return step.Rate;
        }
        return Steps[^1].Rate;
    }
}

/// <summary>Each unit at the rate of the step in which it lies: the first million at one rate, what comes after at the next.</summary>
public sealed record GraduatedTiers(UsageMetric Metric, ImmutableArray<PriceStep> Steps) : SteppedTiers(Metric, Steps)
{
    internal override void Charge(long start, long end, Action<string, long, UnitRate> add)
    {
        for (var i = 0; i < Steps.Length; i++)
            add($"{Metric.Name()}, step {i + 1}", Within(i, start, end), new(Steps[i].Rate, Metric.RateUnits()));
    }

    internal override void Charge(long start, long end, ref ExactCharge charge)
    {
        for (var i = 0; i < Steps.Length; i++)
            charge.Add(new(Steps[i].Rate, Metric.RateUnits()), Within(i, start, end));
    }

    private long Within(int step, long start, long end) =>
        Math.Max(0, Math.Min(end, Steps[step].UpTo ?? long.MaxValue) - Math.Max(start, step == 0 ? 0 : Steps[step - 1].UpTo!.Value));
}

/// <summary>
/// All units of the month at the rate of the step that the month's quantity reaches. A request is charged at the rate reached with it; at
/// close a true-up charges the whole month at the last.
/// </summary>
public sealed record VolumeTiers(UsageMetric Metric, ImmutableArray<PriceStep> Steps) : SteppedTiers(Metric, Steps)
{
    internal override void Charge(long start, long end, Action<string, long, UnitRate> add) =>
        add($"{Metric.Name()}, at the volume so far", end - start, new(RateAt(end), Metric.RateUnits()));

    internal override void Charge(long start, long end, ref ExactCharge charge) => charge.Add(new(RateAt(end), Metric.RateUnits()), end - start);
}

/// <summary>
/// Whole packages: a request is charged its part of them; at close the remainder of the package begun last is charged too.
/// </summary>
/// <param name="Metric">What is packed.</param>
/// <param name="Size">Units in a package.</param>
/// <param name="Price">What a package costs.</param>
public sealed record PackageTiers(UsageMetric Metric, long Size, Amount Price) : PriceTiers(Metric)
{
    /// <inheritdoc/>
    public override UnitRate ListRate => new(Price, Size);

    /// <inheritdoc/>
    public override UnitRate HighestRate => ListRate;

    internal override void Charge(long start, long end, Action<string, long, UnitRate> add) =>
        add($"{Metric.Name()}, of packages", end - start, ListRate);

    internal override void Charge(long start, long end, ref ExactCharge charge) => charge.AddOf(Price, end - start, Size);
}
