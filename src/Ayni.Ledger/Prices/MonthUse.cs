namespace Ayni.Ledger;

/// <summary>
/// What a customer has used under a plan within one month: before a request, its position in the month. Rejected drafts are never counted.
/// </summary>
/// <param name="Requests">Requests.</param>
/// <param name="Input">Prompt tokens that were computed.</param>
/// <param name="Cached">Prompt tokens found in the cache.</param>
/// <param name="Output">Generated tokens.</param>
public readonly record struct MonthUse(long Requests, long Input, long Cached, long Output)
{
    /// <summary>What one request used.</summary>
    internal static MonthUse Of(TokenCounts counts) => new(1, counts.Prompt, counts.Cached, counts.Generated);

    /// <summary>The sums of each kind; checked.</summary>
    public static MonthUse operator +(MonthUse left, MonthUse right) => checked(new(
        left.Requests + right.Requests, left.Input + right.Input, left.Cached + right.Cached, left.Output + right.Output));

    /// <summary>How much of a metric.</summary>
    public long Of(UsageMetric metric) => metric switch
    {
        UsageMetric.Input => Input,
        UsageMetric.Cached => Cached,
        UsageMetric.Output => Output,
        UsageMetric.Tokens => checked(Input + Cached + Output),
        UsageMetric.Requests => Requests,
        _ => throw new ArgumentOutOfRangeException(nameof(metric)),
    };
}
