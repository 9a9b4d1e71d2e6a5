using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What an entry records.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<EntryKind>))]
public enum EntryKind
{
    /// <summary>A receipt's charge; its reference is the receipt's id.</summary>
    [JsonStringEnumMemberName("charge")]
    Charge = 0,

    /// <summary>A model's revenue of a month shared out at close; its reference is the model's name.</summary>
    [JsonStringEnumMemberName("distribution")]
    Distribution = 1,

    /// <summary>What a party's carry comes to in whole coins made payable at close; its reference is the party's id.</summary>
    [JsonStringEnumMemberName("payable")]
    Payable = 2,

    /// <summary>An invoice's taxes and rounding; its reference is the invoice's number.</summary>
    [JsonStringEnumMemberName("invoice")]
    Invoice = 20,

    /// <summary>A credit note; its reference is the note's number, and the note names the invoice.</summary>
    [JsonStringEnumMemberName("credit_note")]
    CreditNote = 21,

    /// <summary>The taxes of a self-billing document; its reference is the document's number.</summary>
    [JsonStringEnumMemberName("self_bill")]
    SelfBill = 22,

    /// <summary>Money a customer paid; its reference is the payment's id.</summary>
    [JsonStringEnumMemberName("payment")]
    Payment = 23,

    /// <summary>Money given back to a customer; its reference is the refund's id.</summary>
    [JsonStringEnumMemberName("refund")]
    Refund = 24,

    /// <summary>A payment that the bank took back; its reference is the reversal's id, which names the payment.</summary>
    [JsonStringEnumMemberName("payment_reversal")]
    PaymentReversal = 25,

    /// <summary>A claim given up; its reference is the write-off's id, which names the invoice.</summary>
    [JsonStringEnumMemberName("write_off")]
    WriteOff = 26,

    /// <summary>A claim taken up again; its reference is the reversal's id, which names the write-off.</summary>
    [JsonStringEnumMemberName("write_off_reversal")]
    WriteOffReversal = 27,

    /// <summary>A payout ordered; its reference is the payout's id.</summary>
    [JsonStringEnumMemberName("payout")]
    Payout = 28,

    /// <summary>A payout the bank confirmed; its reference is the payout's id.</summary>
    [JsonStringEnumMemberName("payout_paid")]
    PayoutPaid = 29,

    /// <summary>A payout the bank returned; its reference is the payout's id.</summary>
    [JsonStringEnumMemberName("payout_return")]
    PayoutReturn = 30,

    /// <summary>Volume tiers at the rate of the volume reached; like the next four its reference is the adjustment's number.</summary>
    [JsonStringEnumMemberName("volume_true_up")]
    VolumeTrueUp = 40,

    /// <summary>The rest of a package begun.</summary>
    [JsonStringEnumMemberName("package_remainder")]
    PackageRemainder = 41,

    /// <summary>A month's subscription.</summary>
    [JsonStringEnumMemberName("subscription_fee")]
    SubscriptionFee = 42,

    /// <summary>What a month lacks to its minimum.</summary>
    [JsonStringEnumMemberName("minimum_charge")]
    MinimumCharge = 43,

    /// <summary>What was left of a prepaid credit when it expired.</summary>
    [JsonStringEnumMemberName("credit_expiry")]
    CreditExpiry = 44,

    /// <summary>A prepaid credit bought; its reference is the credit's id.</summary>
    [JsonStringEnumMemberName("credit_purchase")]
    CreditPurchase = 45,

    /// <summary>What a prepaid credit pays of a month's charges; its reference is the credit's id.</summary>
    [JsonStringEnumMemberName("credit_use")]
    CreditUse = 46,

    /// <summary>
    /// What a customer owes in a price's currency, owed in its own; its reference is the customer's id and the price's currency.
    /// </summary>
    [JsonStringEnumMemberName("conversion")]
    Conversion = 47,

    /// <summary>Money exchanged at a bank; its reference is the bank's own number.</summary>
    [JsonStringEnumMemberName("exchange")]
    Exchange = 48,

    /// <summary>What is unused of a prepaid credit, given back in the month it was sold in; its reference is the return's id.</summary>
    [JsonStringEnumMemberName("credit_return")]
    CreditReturn = 49,

    /// <summary>What an account had come to before this ledger; its reference is what the books before call it.</summary>
    [JsonStringEnumMemberName("opening")]
    Opening = 60,
}

/// <summary>One line of an entry.</summary>
/// <param name="Account">The account.</param>
/// <param name="Amount">A debit if positive, a credit if negative.</param>
public sealed record Posting(Account Account, Amount Amount)
{
    /// <summary>The amount's currency.</summary>
    public Currency Currency => Amount.Currency;
}

/// <summary>One entry of the journal. Entries are only ever appended.</summary>
/// <param name="Number">Its place in the journal: 1, 2, 3, …</param>
/// <param name="RecordedAt">When it was posted, UTC.</param>
/// <param name="Period">The month it counts in.</param>
/// <param name="ServicePeriod">
/// The month of the request; earlier than <see cref="Period"/> if that month was closed when the receipt came.
/// </param>
/// <param name="Kind">What it records.</param>
/// <param name="Reference">What it is about; see <see cref="EntryKind"/>.</param>
/// <param name="Postings">Its lines, in every currency as much debit as credit.</param>
public sealed record Entry(
    long Number, DateTimeOffset RecordedAt, Period Period, Period ServicePeriod, EntryKind Kind, string Reference,
    ImmutableArray<Posting> Postings)
{
    /// <summary>Two entries are equal if all they say is.</summary>
    public bool Equals(Entry? other) =>
        other is not null && Number == other.Number && RecordedAt == other.RecordedAt && Period == other.Period
        && ServicePeriod == other.ServicePeriod && Kind == other.Kind && Reference == other.Reference
        && Postings.SequenceEqual(other.Postings);

    /// <inheritdoc/>
    public override int GetHashCode() => Number.GetHashCode();
}

/// <summary>Some entries in journal order.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="Next">Where the next page begins; null at the end.</param>
public sealed record EntryPage(IReadOnlyList<Entry> Entries, long? Next);
