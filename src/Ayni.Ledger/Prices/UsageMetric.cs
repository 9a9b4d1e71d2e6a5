using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What a price plan counts.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<UsageMetric>))]
public enum UsageMetric
{
    /// <summary>Prompt tokens that were computed.</summary>
    [JsonStringEnumMemberName("input")]
    Input,

    /// <summary>Prompt tokens found in the cache.</summary>
    [JsonStringEnumMemberName("cached")]
    Cached,

    /// <summary>Generated tokens.</summary>
    [JsonStringEnumMemberName("output")]
    Output,

    /// <summary>All three kinds of tokens together.</summary>
    [JsonStringEnumMemberName("tokens")]
    Tokens,

    /// <summary>Requests.</summary>
    [JsonStringEnumMemberName("requests")]
    Requests,
}

/// <summary>The names of metrics as plans write them.</summary>
internal static class MetricNames
{
    public static string Name(this UsageMetric metric) => metric switch
    {
        UsageMetric.Input => "input",
        UsageMetric.Cached => "cached",
        UsageMetric.Output => "output",
        UsageMetric.Tokens => "tokens",
        UsageMetric.Requests => "requests",
        _ => throw new ArgumentOutOfRangeException(nameof(metric)),
    };

    /// <summary>Units that a rate of the metric is for: a million tokens, or one request.</summary>
    public static long RateUnits(this UsageMetric metric) => metric == UsageMetric.Requests ? 1 : 1_000_000;
}
