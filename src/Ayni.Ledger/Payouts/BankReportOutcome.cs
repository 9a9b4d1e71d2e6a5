using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What a bank's message changed.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<BankReportResult>))]
public enum BankReportResult
{
    /// <summary>The payout is paid.</summary>
    [JsonStringEnumMemberName("paid")]
    Paid,

    /// <summary>What the payout was to pay is payable again.</summary>
    [JsonStringEnumMemberName("returned")]
    Returned,

    /// <summary>The ledger knew.</summary>
    [JsonStringEnumMemberName("unchanged")]
    Unchanged,

    /// <summary>Nothing was changed: somebody has to look.</summary>
    [JsonStringEnumMemberName("unresolved")]
    Unresolved,
}

/// <summary>What a bank's message changed about one payout.</summary>
/// <param name="PayoutId">The payout or batch that the message names.</param>
/// <param name="Result">What it changed.</param>
/// <param name="Detail">Why.</param>
public sealed record BankReportOutcome(string PayoutId, BankReportResult Result, string Detail);
