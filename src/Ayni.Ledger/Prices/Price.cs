namespace Ayni.Ledger;

/// <summary>One version of a model's price plan. Versions are never changed; a later one takes over at its instant.</summary>
/// <param name="Version">Its number, unique over all models.</param>
/// <param name="Model">The model's name.</param>
/// <param name="InputPerMillion">For a million prompt tokens that were computed.</param>
/// <param name="CachedPerMillion">For a million prompt tokens found in the cache.</param>
/// <param name="OutputPerMillion">For a million generated tokens.</param>
/// <param name="EffectiveFrom">Requests admitted from this instant on pay it.</param>
public sealed record Price(
    long Version, string Model, Amount InputPerMillion, Amount CachedPerMillion, Amount OutputPerMillion, DateTimeOffset EffectiveFrom)
{
    /// <summary>
    /// The largest price of a million tokens that is accepted, in whole currency: far above any real one, far below overflow.
    /// </summary>
    public const long LargestPerMillion = 1_000_000_000_000;

    private const int Million = 1_000_000;

    /// <summary>What is charged.</summary>
    public Currency Currency => InputPerMillion.Currency;

    /// <summary>What a request can cost at most, whether or not its prompt is found in the cache.</summary>
    public Amount Highest(TokenCounts counts, string? adapter = null)
    {
        var prompt = counts.Prompt + counts.Cached;
        var (computed, cached) = (Charge(counts with { Prompt = prompt, Cached = 0 }), Charge(counts with { Prompt = 0, Cached = prompt }));
        return computed > cached ? computed : cached;
    }

    /// <summary>
    /// What these tokens cost: each count times its price, summed, divided by a million and rounded once, half to even, to a unit of 10⁻¹².
    /// Rejected speculative tokens are free.
    /// </summary>
    public Amount Charge(TokenCounts counts)
    {
        var exact = checked(
            InputPerMillion.Units * counts.Prompt + CachedPerMillion.Units * counts.Cached + OutputPerMillion.Units * counts.Generated);
        var (units, rest) = Int128.DivRem(exact, Million);
        if (rest * 2 > Million || (rest * 2 == Million && Int128.IsOddInteger(units)))
            units++;
        return new(units, Currency);
    }
}
