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

/// <summary>Money from or to a customer, recorded once for each reference of the bank and never changed.</summary>
/// <param name="Id"><c>pay_…</c></param>
/// <param name="Kind">Which way it went.</param>
/// <param name="CustomerId">The customer.</param>
/// <param name="Amount">Whole minor units of the customer's currency, more than nothing.</param>
/// <param name="BankReference">What the bank calls it.</param>
/// <param name="ValueDate">The day the bank booked it.</param>
/// <param name="Recorded">When it was recorded.</param>
/// <param name="Reverses">The payment that a reversal takes back.</param>
/// <param name="Entry">The number of its entry in the journal.</param>
public sealed record Payment(
    string Id, PaymentKind Kind, string CustomerId, Amount Amount, string BankReference, DateOnly ValueDate, DateTimeOffset Recorded,
    string? Reverses, long Entry)
{
    /// <summary>The amount's currency.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>What it adds to what the customer has paid.</summary>
    internal Amount Paid => Kind == PaymentKind.Payment ? Amount : -Amount;
}

/// <summary>A claim given up, or taken up again; recorded once and never changed.</summary>
/// <param name="Id"><c>wof_…</c></param>
/// <param name="Invoice">The invoice's number.</param>
/// <param name="Amount">What was given up, more than nothing.</param>
/// <param name="Reason">Why.</param>
/// <param name="Recorded">When it was recorded.</param>
/// <param name="Reverses">The write-off that this takes back, if it does.</param>
/// <param name="Entry">The number of its entry in the journal.</param>
public sealed record WriteOff(
    string Id, string Invoice, Amount Amount, string Reason, DateTimeOffset Recorded, string? Reverses, long Entry)
{
    /// <summary>The amount's currency.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>What it adds to what was given up.</summary>
    internal Amount GivenUp => Reverses is null ? Amount : -Amount;
}
