using System.Numerics;

namespace Ayni.Ledger.Tests;

/// <summary>What a request costs, worked out token by token as a person would who reads the plan: slow, and written apart from the product.</summary>
internal static class PlanReference
{
    public static BigInteger Charge(PricePlan plan, TokenCounts counts, string? adapter, MonthUse before)
    {
        var size = (plan.Tiers as PackageTiers)?.Size ?? 1;
        // Units of money times this denominator.
        BigInteger denominator = new BigInteger(1_000_000) * size, sum = 0;
        var (input, cached, output) = (before.Input, before.Cached, before.Output);
        var last = before + new MonthUse(1, counts.Prompt, counts.Cached, counts.Generated);
        for (long i = 0; i < counts.Prompt; i++, input++)
            Token(UsageMetric.Input, input, plan.Free.Input, plan.Input);
        for (long i = 0; i < counts.Cached; i++, cached++)
            Token(UsageMetric.Cached, cached, plan.Free.Cached, plan.Cached);
        for (long i = 0; i < counts.Generated; i++, output++)
            Token(UsageMetric.Output, output, plan.Free.Output, plan.Output);
        if (before.Requests >= plan.Free.Requests)
            sum += (plan.Tiers?.Metric == UsageMetric.Requests ? Tier(before.Requests, last.Requests) : plan.Request.Units) * denominator;
        foreach (var surcharge in plan.Adapters)
        {
            if (surcharge.Name == adapter)
                sum += surcharge.PerRequest.Units * denominator
                    + surcharge.PerMillion.Units * (BigInteger)(counts.Prompt + counts.Cached + counts.Generated) * size;
        }
        return RoundHalfEven(sum, denominator);

        void Token(UsageMetric kind, long position, long free, Amount flat)
        {
            var ofAll = input + cached + output;
            if (position < free || ofAll < plan.Free.Tokens)
                return;
            if (plan.Tiers?.Metric == kind)
                sum += Tier(position, last.Of(kind)) * size;
            else if (plan.Tiers?.Metric == UsageMetric.Tokens)
                sum += Tier(ofAll, last.Input + last.Cached + last.Output) * size;
            else
                sum += (BigInteger)flat.Units * size;
        }

        // The tiers' rate of the unit at a position, the first being 0; of a package in the same unit as a million tokens' or a request's rate.
        BigInteger Tier(long position, long quantity) => plan.Tiers switch
        {
            GraduatedTiers graduated => graduated.Steps.First(step => step.UpTo is not { } upTo || position < upTo).Rate.Units,
            VolumeTiers volume => volume.Steps.First(step => step.UpTo is not { } upTo || quantity <= upTo).Rate.Units,
            PackageTiers { Metric: UsageMetric.Requests } package => Exact(package.Price.Units, package.Size),
            PackageTiers package => Exact(package.Price.Units * new BigInteger(1_000_000), package.Size),
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>The generator takes prices of packages that their size divides, where it is not one of the rounding's own tests.</summary>
    private static BigInteger Exact(BigInteger price, long size) =>
        price % size == 0 ? price / size : throw new ArgumentException("The reference needs a package's price to be divisible by its size.");

    private static BigInteger RoundHalfEven(BigInteger numerator, BigInteger denominator)
    {
        var (whole, rest) = BigInteger.DivRem(numerator, denominator);
        return rest * 2 > denominator || (rest * 2 == denominator && !whole.IsEven) ? whole + 1 : whole;
    }
}
