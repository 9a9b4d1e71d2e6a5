using System.Numerics;

namespace Ayni.Ledger.Tests;

/// <summary>
/// What a request costs, worked out token by token as a person would who reads the plan: slow, and written apart from the product.
/// </summary>
internal static class PlanReference
{
    private const int Million = 1_000_000;

    public static BigInteger Charge(PricePlan plan, TokenCounts counts, string? adapter, MonthUse before)
    {
        // In millionths of units of money.
        var sum = BigInteger.Zero;
        var (input, cached, output) = (before.Input, before.Cached, before.Output);
        var last = before + new MonthUse(1, counts.Prompt, counts.Cached, counts.Generated);
        for (long i = 0; i < counts.Prompt; i++, input++)
            Token(UsageMetric.Input, input, plan.Free.Input, plan.Input);
        for (long i = 0; i < counts.Cached; i++, cached++)
            Token(UsageMetric.Cached, cached, plan.Free.Cached, plan.Cached);
        for (long i = 0; i < counts.Generated; i++, output++)
            Token(UsageMetric.Output, output, plan.Free.Output, plan.Output);
        if (before.Requests >= plan.Free.Requests)
            sum += Million * (Find(UsageMetric.Requests) is { } tiers ? Tier(tiers, before.Requests, last.Requests) : plan.Request.Units);
        foreach (var surcharge in plan.Adapters)
        {
            if (surcharge.Name == adapter)
                sum += Million * (BigInteger)surcharge.PerRequest.Units
                    + surcharge.PerMillion.Units * (BigInteger)(counts.Prompt + counts.Cached + counts.Generated);
        }
        return RoundHalfEven(sum, Million);

        void Token(UsageMetric kind, long position, long free, Amount flat)
        {
            var ofAll = input + cached + output;
            if (position < free || ofAll < plan.Free.Tokens)
                return;
            sum += Find(kind) is { } own ? Tier(own, position, last.Of(kind))
                : Find(UsageMetric.Tokens) is { } all ? Tier(all, ofAll, last.Input + last.Cached + last.Output)
                : flat.Units;
        }

        PriceTiers? Find(UsageMetric metric) => plan.Tiers.SingleOrDefault(tiers => tiers.Metric == metric);
    }

    /// <summary>
    /// The rate of the unit at a position, the first being 0: of a package in the same unit as a million tokens' or a request's rate.
    /// </summary>
    private static BigInteger Tier(PriceTiers tiers, long position, long quantity) => tiers switch
    {
        GraduatedTiers graduated => graduated.Steps.First(step => step.UpTo is not { } upTo || position < upTo).Rate.Units,
        VolumeTiers volume => volume.Steps.First(step => step.UpTo is not { } upTo || quantity <= upTo).Rate.Units,
        PackageTiers { Metric: UsageMetric.Requests } package => Exact(package.Price.Units, package.Size),
        PackageTiers package => Exact(package.Price.Units * new BigInteger(Million), package.Size),
        _ => throw new InvalidOperationException(),
    };

    /// <summary>The generator takes prices of packages that their size divides, where it is not one of the rounding's own tests.</summary>
    private static BigInteger Exact(BigInteger price, long size) =>
        price % size == 0 ? price / size : throw new ArgumentException("The reference needs a package's price to be divisible by its size.");

    private static BigInteger RoundHalfEven(BigInteger numerator, BigInteger denominator)
    {
        var (whole, rest) = BigInteger.DivRem(numerator, denominator);
        return rest * 2 > denominator || (rest * 2 == denominator && !whole.IsEven) ? whole + 1 : whole;
    }
}
