namespace Ayni.Ledger;

/// <summary>One version of a model's price. Versions are never changed; a later one takes over at its instant.</summary>
/// <param name="Version">Its number, unique over all models.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Plan">What it costs.</param>
/// <param name="EffectiveFrom">Requests admitted from this instant on pay it.</param>
public sealed record Price(long Version, string Model, PricePlan Plan, DateTimeOffset EffectiveFrom)
{
    /// <summary>A price of three flat rates for a million tokens each.</summary>
    internal Price(long version, string model, Amount input, Amount cached, Amount output, DateTimeOffset effectiveFrom)
        : this(version, model, PricePlan.Flat(model, input, cached, output), effectiveFrom)
    {
    }

    /// <summary>A million prompt tokens that were computed, at the list rate: tiers at their first step.</summary>
    public Amount InputPerMillion => Plan.ListRate(UsageMetric.Input);

    /// <summary>A million prompt tokens found in the cache, at the list rate.</summary>
    public Amount CachedPerMillion => Plan.ListRate(UsageMetric.Cached);

    /// <summary>A million generated tokens, at the list rate.</summary>
    public Amount OutputPerMillion => Plan.ListRate(UsageMetric.Output);

    /// <summary>What is charged.</summary>
    public Currency Currency => Plan.Currency;

    /// <summary>
    /// What a customer's use is counted under in a month: the model, or for subscribers the plan, whichever of its models they use.
    /// </summary>
    internal string Scope => ScopeOf(Plan.Name, Model);

    /// <summary>What a request costs; <see cref="PricePlan.Charge"/>.</summary>
    public Amount Charge(TokenCounts counts, string? adapter = null, MonthUse before = default) => Plan.Charge(counts, adapter, before);

    /// <summary>What a request can cost at most; <see cref="PricePlan.Highest"/>.</summary>
    public Amount Highest(TokenCounts counts, string? adapter = null) => Plan.Highest(counts, adapter);

    internal static string ScopeOf(string? planName, string model) => planName is null ? $"model:{model}" : $"plan:{planName}";
}
