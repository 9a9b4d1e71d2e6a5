using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>
/// What models cost: rates for a million tokens of each kind and for a request, surcharges for adapters, free allowances, tiers, a minimum
/// and a fee for each month. Immutable and checked: only <see cref="Parse"/> and <see cref="Flat"/> make one.
/// </summary>
[JsonConverter(typeof(PricePlanJsonConverter))]
public sealed record PricePlan
{
    /// <summary>
    /// The largest rate or price that is accepted, in whole currency: far above any real one, far below overflow.
    /// </summary>
    public const long Largest = 1_000_000_000_000;

    /// <summary>The name of the price in fake money, which stands beside everybody's and never in its place.</summary>
    public const string TestName = "test";

    /// <summary>Characters of the longest text of a plan.</summary>
    public const int LongestText = DocumentParser.MostCharacters;

    private const int Million = 1_000_000;

    internal PricePlan()
    {
    }

    /// <summary>The name under which customers subscribe to it; null for the price of everybody who doesn't subscribe.</summary>
    public required string? Name { get; init; }

    /// <summary>The models it prices, at least one.</summary>
    public required ImmutableArray<string> Models { get; init; }

    /// <summary>A million prompt tokens that were computed; zero where tiers price them.</summary>
    public required Amount Input { get; init; }

    /// <summary>A million prompt tokens found in the cache; zero where tiers price them.</summary>
    public required Amount Cached { get; init; }

    /// <summary>A million generated tokens; zero where tiers price them.</summary>
    public required Amount Output { get; init; }

    /// <summary>One request; zero where tiers price it.</summary>
    public required Amount Request { get; init; }

    /// <summary>Surcharges by adapter, in ordinal order of their names.</summary>
    public required ImmutableArray<AdapterPrice> Adapters { get; init; }

    /// <summary>What is free in each month.</summary>
    public required FreeAllowance Free { get; init; }

    /// <summary>Tiers, if any.</summary>
    public required PriceTiers? Tiers { get; init; }

    /// <summary>What a month with any use, or with a subscription, costs at least; zero without a minimum.</summary>
    public required Amount Minimum { get; init; }

    /// <summary>What a month's subscription costs; zero for a plan without one.</summary>
    public required Amount Fee { get; init; }

    /// <summary>What everything is charged in.</summary>
    public Currency Currency => Input.Currency;

    /// <summary>Whether a charge depends on the use before it in the month.</summary>
    internal bool CountsUse => Tiers is SteppedTiers || Free.IsAny;

    /// <summary>Whether a month's close may have something to add to the charges.</summary>
    internal bool AdjustsAtClose => Tiers is VolumeTiers or PackageTiers || Minimum.Sign > 0 || Fee.Sign > 0;

    /// <summary>A plan of three flat rates for a million tokens each.</summary>
    internal static PricePlan Flat(string model, Amount input, Amount cached, Amount output)
    {
        var zero = Amount.Zero(input.Currency);
        return new()
        {
            Name = null,
            Models = [model],
            Input = input,
            Cached = cached,
            Output = output,
            Request = zero,
            Adapters = [],
            Free = default,
            Tiers = null,
            Minimum = zero,
            Fee = zero,
        };
    }

    /// <summary>Reads a plan from YAML or JSON, with the instant it takes effect if it says so.</summary>
    /// <param name="path">The file's name, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <exception cref="DocumentException">It is no plan; the message names file, line and column.</exception>
    public static (PricePlan Plan, DateTimeOffset? From) Parse(string path, string text) =>
        PlanReader.Read(DocumentFields.Parse(path, text));

    /// <summary>
    /// What a request costs: each count that is not free times its rate, surcharges and tiers included, summed exactly and rounded once,
    /// half to even, to a unit of 10⁻¹². Rejected speculative tokens are free. A pure function of its arguments.
    /// </summary>
    /// <param name="counts">What the request used.</param>
    /// <param name="adapter">The adapter it used, if any.</param>
    /// <param name="before">The month before it, of the same customer.</param>
    public Amount Charge(TokenCounts counts, string? adapter, MonthUse before)
    {
        var free = Free.Within(counts, before);
        var exact = AtFlatRates(MonthUse.Of(counts), free) + Surcharge(counts, adapter);
        if (Tiers is not { } tiers)
            return Round(exact);
        var (millionths, packageUnits, packageSize) = PriceOf(tiers, counts, free, before);
        return Round(exact + millionths, packageUnits, packageSize);
    }

    /// <summary>What a request is charged for, line by line; quantities times rates add up to the charge before it is rounded.</summary>
    internal ImmutableArray<ChargeLine> Explain(TokenCounts counts, string? adapter, MonthUse before)
    {
        var lines = ImmutableArray.CreateBuilder<ChargeLine>();
        var (use, free) = (MonthUse.Of(counts), Free.Within(counts, before));
        foreach (var (metric, rate) in new[]
        {
            (UsageMetric.Input, Input), (UsageMetric.Cached, Cached), (UsageMetric.Output, Output), (UsageMetric.Requests, Request),
        })
        {
            if (metric == UsageMetric.Requests && rate.Sign == 0 && Tiers?.Metric != metric)
                continue;
            Add($"{metric.Name()}, free", free.Of(metric), Amount.Zero(Currency), metric.RateUnits());
            if (Tiers is null || (Tiers.Metric != metric && (Tiers.Metric != UsageMetric.Tokens || metric == UsageMetric.Requests)))
                Add(metric.Name(), use.Of(metric) - free.Of(metric), rate, metric.RateUnits());
        }
        if (Tiers is { } tiers)
            ExplainTiers(tiers, Interval(tiers.Metric, counts, free, before), Add);
        foreach (var surcharge in Adapters.Where(surcharge => surcharge.Name == adapter))
        {
            Add($"adapter {adapter}, tokens", use.Of(UsageMetric.Tokens), surcharge.PerMillion, UsageMetric.Tokens.RateUnits());
            Add($"adapter {adapter}, requests", 1, surcharge.PerRequest, 1);
        }
        return lines.ToImmutable();

        void Add(string what, long quantity, Amount rate, long per)
        {
            if (quantity > 0)
                lines.Add(new(what, quantity, rate, per));
        }
    }

    /// <summary>
    /// What a request can cost at most, wherever in the month it comes and however much of its prompt is found in the cache.
    /// </summary>
    /// <param name="counts">What the request may use.</param>
    /// <param name="adapter">The adapter it will use, if any.</param>
    public Amount Highest(TokenCounts counts, string? adapter)
    {
        // A prompt's tokens may turn out cached or not, whatever was expected: at the dearer rate of the two.
        var prompt = checked(counts.Prompt + counts.Cached);
        var (asInput, asCached) = (new TokenCounts(prompt, 0, counts.Generated), new TokenCounts(0, prompt, counts.Generated));
        var (input, cached) = (Value(asInput, adapter, Tiers?.HighestRate), Value(asCached, adapter, Tiers?.HighestRate));
        return input > cached ? input : cached;
    }

    /// <summary>
    /// What a request is worth by the plan's list: at the rates of the first step and as if nothing were free. By it flat revenue is divided.
    /// </summary>
    internal Amount ListValue(TokenCounts counts, string? adapter) => Value(counts, adapter, Tiers?.ListRate);

    /// <summary>The list rate of a million tokens of a kind, rounded where a package's is no whole number of units.</summary>
    internal Amount ListRate(UsageMetric metric)
    {
        if (Tiers is { } tiers && (tiers.Metric == metric || tiers.Metric == UsageMetric.Tokens))
        {
            var rate = tiers.ListRate;
            return Round(0, rate.Amount.Units * Million, rate.Units);
        }
        return metric switch
        {
            UsageMetric.Input => Input,
            UsageMetric.Cached => Cached,
            UsageMetric.Output => Output,
            _ => throw new ArgumentOutOfRangeException(nameof(metric)),
        };
    }

    /// <summary>How much of the tiers' metric a request is charged for.</summary>
    internal long ChargedQuantity(TokenCounts counts, MonthUse before)
    {
        var (start, end) = Interval(Tiers!.Metric, counts, Free.Within(counts, before), before);
        return end - start;
    }

    /// <summary>A rate of the tiers times a quantity, rounded once, half to even.</summary>
    internal Amount RoundRate(Int128 rateTimesQuantity) => Round(checked(rateTimesQuantity * (Million / Tiers!.Metric.RateUnits())));

    /// <summary>
    /// A sum of money in millionths of units, and with it another in parts of a unit as large as a package has units, rounded once, half to
    /// even.
    /// </summary>
    internal Amount Round(Int128 millionths, Int128 packageUnits = default, long packageSize = 1)
    {
        var (units, rest) = Int128.DivRem(millionths, Million);
        var (more, packageRest) = Int128.DivRem(packageUnits, packageSize);
        // Both remainders over one denominator: below 10⁶ × 10¹² each, so that nothing overflows.
        var denominator = (Int128)Million * packageSize;
        var (carry, left) = Int128.DivRem(rest * packageSize + packageRest * Million, denominator);
        units += more + carry;
        if (left < 0)
        {
            units--;
            left += denominator;
        }
        if (left * 2 > denominator || (left * 2 == denominator && Int128.IsOddInteger(units)))
            units++;
        return new(units, Currency);
    }

    /// <summary>Two plans are equal if all they say is.</summary>
    public bool Equals(PricePlan? other) => ReferenceEquals(this, other) || (other is not null && ToString() == other.ToString());

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>The plan's canonical JSON: fields in one order, amounts as decimal strings, nothing that says nothing.</summary>
    public override string ToString() => PlanText.Write(this);

    /// <summary>What flat rates price, in millionths of units.</summary>
    private Int128 AtFlatRates(MonthUse use, MonthUse free) => checked(
        Input.Units * (use.Input - free.Input) + Cached.Units * (use.Cached - free.Cached) + Output.Units * (use.Output - free.Output)
        + Request.Units * Million * (use.Requests - free.Requests));

    private Int128 Surcharge(TokenCounts counts, string? adapter)
    {
        if (adapter is null)
            return 0;
        foreach (var price in Adapters)
        {
            if (price.Name == adapter)
            {
                var tokens = counts.Prompt + counts.Cached + counts.Generated;
                return checked(price.PerMillion.Units * tokens + price.PerRequest.Units * Million);
            }
        }
        return 0;
    }

    private static (Int128 Millionths, Int128 PackageUnits, long PackageSize) PriceOf(
        PriceTiers tiers, TokenCounts counts, MonthUse free, MonthUse before)
    {
        var (start, end) = Interval(tiers.Metric, counts, free, before);
        var scale = Million / tiers.Metric.RateUnits();
        switch (tiers)
        {
            case GraduatedTiers graduated:
                Int128 sum = 0;
                long from = 0;
                foreach (var step in graduated.Steps)
                {
                    var to = step.UpTo ?? long.MaxValue;
                    sum = checked(sum + step.Rate.Units * scale * Math.Max(0, Math.Min(end, to) - Math.Max(start, from)));
                    from = to;
                }
                return (sum, 0, 1);
            case VolumeTiers volume:
                return (checked(volume.RateAt(end).Units * scale * (end - start)), 0, 1);
            case PackageTiers package:
                return (0, checked(package.Price.Units * (end - start)), package.Size);
            default:
                throw new InvalidOperationException($"No tiers: {tiers}.");
        }
    }

    private static void ExplainTiers(PriceTiers tiers, (long Start, long End) units, Action<string, long, Amount, long> add)
    {
        var name = tiers.Metric.Name();
        switch (tiers)
        {
            case GraduatedTiers graduated:
                long from = 0;
                for (var i = 0; i < graduated.Steps.Length; i++)
                {
                    var to = graduated.Steps[i].UpTo ?? long.MaxValue;
                    var quantity = Math.Min(units.End, to) - Math.Max(units.Start, from);
                    add($"{name}, step {i + 1}", quantity, graduated.Steps[i].Rate, tiers.Metric.RateUnits());
                    from = to;
                }
                break;
            case VolumeTiers volume:
                add($"{name}, at the volume so far", units.End - units.Start, volume.RateAt(units.End), tiers.Metric.RateUnits());
                break;
            case PackageTiers package:
                add($"{name}, of packages", units.End - units.Start, package.Price, package.Size);
                break;
        }
    }

    /// <summary>
    /// Where in the month the units lie that a request is charged for, from the first to the one after the last; its free ones come first.
    /// </summary>
    private static (long Start, long End) Interval(UsageMetric metric, TokenCounts counts, MonthUse free, MonthUse before)
    {
        var position = before.Of(metric);
        return checked((position + free.Of(metric), position + MonthUse.Of(counts).Of(metric)));
    }

    /// <summary>What a request comes to at flat rates and one rate for the tiers' metric.</summary>
    private Amount Value(TokenCounts counts, string? adapter, UnitRate? tierRate)
    {
        var exact = AtFlatRates(MonthUse.Of(counts), default) + Surcharge(counts, adapter);
        return tierRate is { } rate
            ? Round(exact, checked(rate.Amount.Units * MonthUse.Of(counts).Of(Tiers!.Metric)), rate.Units)
            : Round(exact);
    }
}

/// <summary>What an adapter costs beside the model.</summary>
/// <param name="Name">The adapter's name.</param>
/// <param name="PerMillion">For a million tokens of any kind.</param>
/// <param name="PerRequest">For a request.</param>
public sealed record AdapterPrice(string Name, Amount PerMillion, Amount PerRequest);

/// <summary>
/// How much of each metric is free in a month, first come first served. It frees the metric's own price and no surcharge. Free tokens of any
/// kind are taken of a request's input first, then of its cached tokens, then of its output.
/// </summary>
public readonly record struct FreeAllowance(long Input, long Cached, long Output, long Tokens, long Requests)
{
    internal bool IsAny => this != default;

    /// <summary>What of a request is free.</summary>
    internal MonthUse Within(TokenCounts counts, MonthUse before)
    {
        if (!IsAny)
            return default;
        var requests = Left(Requests, before.Requests, 1);
        if (Tokens == 0)
        {
            return new(
                requests, Left(Input, before.Input, counts.Prompt), Left(Cached, before.Cached, counts.Cached),
                Left(Output, before.Output, counts.Generated));
        }
        var left = Math.Max(0, Tokens - before.Of(UsageMetric.Tokens));
        var input = Math.Min(left, counts.Prompt);
        var cached = Math.Min(left - input, counts.Cached);
        return new(requests, input, cached, Math.Min(left - input - cached, counts.Generated));
    }

    private static long Left(long allowance, long used, long count) => Math.Min(count, Math.Max(0, allowance - used));
}

/// <summary>Writes a plan as its canonical JSON.</summary>
internal sealed class PricePlanJsonConverter : JsonConverter<PricePlan>
{
    public override PricePlan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, PricePlan value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.ToString());
}
