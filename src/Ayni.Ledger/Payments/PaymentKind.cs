using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>Which way money went.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<PaymentKind>))]
public enum PaymentKind
{
    /// <summary>From a customer.</summary>
    [JsonStringEnumMemberName("payment")]
    Payment = 0,

    /// <summary>Back to a customer that had paid too much.</summary>
    [JsonStringEnumMemberName("refund")]
    Refund = 1,

    /// <summary>A payment that the bank took back.</summary>
    [JsonStringEnumMemberName("reversal")]
    Reversal = 2,
}

/// <summary>The names of payments' kinds as users write them.</summary>
internal static class PaymentKindNames
{
    public static string Name(this PaymentKind kind) => kind switch
    {
        PaymentKind.Payment => "payment",
        PaymentKind.Refund => "refund",
        PaymentKind.Reversal => "reversal",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
