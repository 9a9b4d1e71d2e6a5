using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>How far a payout is.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<PayoutStatus>))]
public enum PayoutStatus
{
    /// <summary>The order stands in a batch.</summary>
    [JsonStringEnumMemberName("ordered")]
    Ordered,

    /// <summary>The bank has paid it.</summary>
    [JsonStringEnumMemberName("paid")]
    Paid,

    /// <summary>The bank has returned it; what it paid is payable again.</summary>
    [JsonStringEnumMemberName("returned")]
    Returned,
}
