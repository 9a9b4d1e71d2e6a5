using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>How far a proposal is.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ProposalStatus>))]
public enum ProposalStatus
{
    /// <summary>It waits for a second key.</summary>
    [JsonStringEnumMemberName("open")]
    Open,

    /// <summary>It may be done.</summary>
    [JsonStringEnumMemberName("approved")]
    Approved,

    /// <summary>It may not be done.</summary>
    [JsonStringEnumMemberName("rejected")]
    Rejected,

    /// <summary>It was done.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>Nobody decided it, or nobody did it, in time.</summary>
    [JsonStringEnumMemberName("expired")]
    Expired,
}
