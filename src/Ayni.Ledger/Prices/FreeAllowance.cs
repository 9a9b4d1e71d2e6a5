namespace Ayni.Ledger;

/// <summary>
/// How much of each metric is free in a month, first come first served. It frees the metric's own price and no surcharge. Free tokens of
/// any kind are taken of a request's input first, then of its cached tokens, then of its output.
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
