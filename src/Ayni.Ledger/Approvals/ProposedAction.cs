using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What a second key has to approve where the ledger asks for four eyes.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ProposedAction>))]
public enum ProposedAction
{
    /// <summary>A price.</summary>
    [JsonStringEnumMemberName("price")]
    Price,

    /// <summary>An agreement.</summary>
    [JsonStringEnumMemberName("agreement")]
    Agreement,

    /// <summary>The close of a month.</summary>
    [JsonStringEnumMemberName("close")]
    Close,

    /// <summary>Payouts.</summary>
    [JsonStringEnumMemberName("payout")]
    Payout,

    /// <summary>Bank details: a change of them needs a second key whatever the ledger asks for.</summary>
    [JsonStringEnumMemberName("bank_details")]
    BankDetails,

    /// <summary>An operator's or finance's key, which could approve.</summary>
    [JsonStringEnumMemberName("key")]
    Key,

    /// <summary>That four eyes are asked for no more.</summary>
    [JsonStringEnumMemberName("four_eyes_off")]
    FourEyesOff,
}
