using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>
/// What models cost: rates for a million tokens of each kind and for a request, surcharges for adapters, free allowances, tiers by metric,
/// a minimum and a fee for each month. Immutable and checked: only <see cref="Parse"/> and <see cref="Flat"/> make one.
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

    /// <summary>Tiers, at most one of each metric, in the metrics' order.</summary>
    public required ImmutableArray<PriceTiers> Tiers { get; init; }

    /// <summary>What a month with any use, or with a subscription, costs at least; zero without a minimum.</summary>
    public required Amount Minimum { get; init; }

    /// <summary>What a month's subscription costs; zero for a plan without one.</summary>
    public required Amount Fee { get; init; }

    /// <summary>Who shares in its flat revenue.</summary>
    public FlatRules Rules { get; init; }

    /// <summary>What everything is charged in.</summary>
    public Currency Currency => Input.Currency;

    /// <summary>Whether a charge depends on the use before it in the month.</summary>
    internal bool CountsUse => Free.IsAny || Tiers.Any(tiers => tiers is SteppedTiers);

    /// <summary>Whether a month's close may have something to add to the charges.</summary>
    internal bool AdjustsAtClose => Tiers.Any(tiers => tiers is VolumeTiers or PackageTiers) || Minimum.Sign > 0 || Fee.Sign > 0;

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
            Tiers = [],
            Minimum = zero,
            Fee = zero,
        };
    }

    /// <summary>Reads a plan from YAML or JSON, with the instant it takes effect if it says so.</summary>
    /// <param name="path">The file's name, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <param name="zone">The zone in which a day begins.</param>
    /// <exception cref="DocumentException">It is no plan; the message names file, line and column.</exception>
    public static (PricePlan Plan, DateTimeOffset? From) Parse(string path, string text, LedgerZone zone) =>
        PlanReader.Read(DocumentFields.Parse(path, text), zone);

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
        var charge = AtFlatRates(counts, free, adapter);
        foreach (var tiers in Tiers)
        {
            var (start, end) = Interval(tiers.Metric, counts, free, before);
            tiers.Charge(start, end, ref charge);
        }
        return charge.Round();
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
            var isTiered = TiersOf(metric) is not null;
            if (metric == UsageMetric.Requests && rate.Sign == 0 && !isTiered)
                continue;
            Add($"{metric.Name()}, free", free.Of(metric), new(Amount.Zero(Currency), metric.RateUnits()));
            if (!isTiered)
                Add(metric.Name(), use.Of(metric) - free.Of(metric), new(rate, metric.RateUnits()));
        }
        foreach (var tiers in Tiers)
        {
            var (start, end) = Interval(tiers.Metric, counts, free, before);
            tiers.Charge(start, end, Add);
        }
        foreach (var surcharge in Adapters.Where(surcharge => surcharge.Name == adapter))
        {
            Add($"adapter {adapter}, tokens", use.Of(UsageMetric.Tokens), new(surcharge.PerMillion, UsageMetric.Tokens.RateUnits()));
            Add($"adapter {adapter}, requests", 1, new(surcharge.PerRequest, 1));
        }
        return lines.ToImmutable();

        void Add(string what, long quantity, UnitRate rate)
        {
            if (quantity > 0)
                lines.Add(new(what, quantity, rate.Amount, rate.Units));
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
        var input = Value(new(prompt, 0, counts.Generated), adapter, tiers => tiers.HighestRate);
        var cached = Value(new(0, prompt, counts.Generated), adapter, tiers => tiers.HighestRate);
        return input > cached ? input : cached;
    }

    /// <summary>What a request is worth by the plan's list: at the rates of first steps and as if nothing were free.</summary>
    internal Amount ListValue(TokenCounts counts, string? adapter) => Value(counts, adapter, tiers => tiers.ListRate);

    /// <summary>
    /// What a request weighs where flat revenue is divided: its list value, or what it was charged where free use bears itself.
    /// </summary>
    internal Amount Weight(Receipt receipt) =>
        Rules.FreeUse == FreeUse.Own ? receipt.Charge : ListValue(receipt.Counts, receipt.Adapter?.Name);

    /// <summary>The list rate of a million tokens of a kind, rounded where a package's is no whole number of units.</summary>
    internal Amount ListRate(UsageMetric metric)
    {
        if (TiersOf(metric) is { } tiers)
        {
            var charge = new ExactCharge(Currency);
            charge.Add(tiers.ListRate, UsageMetric.Tokens.RateUnits());
            return charge.Round();
        }
        return metric switch
        {
            UsageMetric.Input => Input,
            UsageMetric.Cached => Cached,
            UsageMetric.Output => Output,
            _ => throw new ArgumentOutOfRangeException(nameof(metric)),
        };
    }

    /// <summary>How much of some tiers' metric a request is charged for.</summary>
    internal long ChargedQuantity(PriceTiers tiers, TokenCounts counts, MonthUse before)
    {
        var (start, end) = Interval(tiers.Metric, counts, Free.Within(counts, before), before);
        return end - start;
    }

    /// <summary>The tiers that price a metric; null where its flat rate does.</summary>
    internal PriceTiers? TiersOf(UsageMetric metric)
    {
        foreach (var tiers in Tiers)
        {
            if (tiers.Prices(metric))
                return tiers;
        }
        return null;
    }

    /// <summary>Two plans are equal if all they say is.</summary>
    public bool Equals(PricePlan? other) => ReferenceEquals(this, other) || (other is not null && ToString() == other.ToString());

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>The plan's canonical JSON: fields in one order, amounts as decimal strings, nothing that says nothing.</summary>
    public override string ToString() => PlanText.Write(this);

    /// <summary>What flat rates and surcharges come to; the rates that tiers replace are zero.</summary>
    private ExactCharge AtFlatRates(TokenCounts counts, MonthUse free, string? adapter)
    {
        var charge = new ExactCharge(Currency);
        charge.AddPerMillion(Input, counts.Prompt - free.Input);
        charge.AddPerMillion(Cached, counts.Cached - free.Cached);
        charge.AddPerMillion(Output, counts.Generated - free.Output);
        charge.AddEach(Request, 1 - free.Requests);
        if (adapter is null)
            return charge;
        foreach (var price in Adapters)
        {
            if (price.Name == adapter)
            {
                charge.AddPerMillion(price.PerMillion, counts.Prompt + counts.Cached + counts.Generated);
                charge.AddEach(price.PerRequest, 1);
            }
        }
        return charge;
    }

    /// <summary>
    /// Where in the month the units lie that a request is charged for, from the first to the one after the last; its free ones come first.
    /// </summary>
    private static (long Start, long End) Interval(UsageMetric metric, TokenCounts counts, MonthUse free, MonthUse before)
    {
        var position = before.Of(metric);
        return checked((position + free.Of(metric), position + MonthUse.Of(counts).Of(metric)));
    }

    /// <summary>What a request comes to at flat rates and one rate for each tiers' metric.</summary>
    private Amount Value(TokenCounts counts, string? adapter, Func<PriceTiers, UnitRate> rateOf)
    {
        var charge = AtFlatRates(counts, default, adapter);
        foreach (var tiers in Tiers)
            charge.Add(rateOf(tiers), MonthUse.Of(counts).Of(tiers.Metric));
        return charge.Round();
    }
}

/// <summary>Writes a plan as its canonical JSON.</summary>
internal sealed class PricePlanJsonConverter : JsonConverter<PricePlan>
{
    public override PricePlan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, PricePlan value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.ToString());
}
