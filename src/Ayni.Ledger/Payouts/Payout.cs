using System.Collections.Immutable;
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

/// <summary>What one party is paid by one credit transfer.</summary>
/// <param name="Id"><c>pyo-…</c>: the transfer's end-to-end id, never used for another.</param>
/// <param name="Batch">The batch it is in.</param>
/// <param name="PartyId">The party.</param>
/// <param name="Account">The party's bank details when it was ordered.</param>
/// <param name="Amount">Whole minor units.</param>
/// <param name="Documents">The self-billing documents that it pays.</param>
/// <param name="Status">How far it is.</param>
/// <param name="Entry">The number of its entry in the journal.</param>
public sealed record Payout(
    string Id, string Batch, string PartyId, BankDetails Account, Amount Amount, ImmutableArray<string> Documents, PayoutStatus Status, long Entry)
{
    /// <summary>The amount's currency.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>Two payouts are equal if all they say is.</summary>
    public bool Equals(Payout? other) =>
        other is not null && Id == other.Id && Batch == other.Batch && PartyId == other.PartyId && Account == other.Account
        && Amount == other.Amount && Status == other.Status && Entry == other.Entry && Documents.SequenceEqual(other.Documents);

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);
}

/// <summary>Why a party is not in a batch though something is payable to it.</summary>
/// <param name="PartyId">The party.</param>
/// <param name="Amount">What is payable.</param>
/// <param name="Reason">Why it waits.</param>
public sealed record HeldPayout(string PartyId, Amount Amount, string Reason)
{
    /// <summary>The amount's currency.</summary>
    public Currency Currency => Amount.Currency;
}

/// <summary>An order to the bank: payouts of one entity in one currency.</summary>
/// <param name="Id"><c>bat-…</c>: the message's id.</param>
/// <param name="Entity">What invoices say about the entity that pays.</param>
/// <param name="Account">The entity's account.</param>
/// <param name="Currency">The currency of all payouts.</param>
/// <param name="ExecutionDate">When the bank is to pay.</param>
/// <param name="Created">When it was ordered.</param>
/// <param name="Payouts">In ordinal order of the parties' ids.</param>
public sealed record PayoutBatch(
    string Id, BillingDetails Entity, BankDetails Account, Currency Currency, DateOnly ExecutionDate, DateTimeOffset Created,
    ImmutableArray<Payout> Payouts)
{
    /// <summary>The payouts' sum.</summary>
    public Amount Total => Payouts.Aggregate(Amount.Zero(Currency), (sum, payout) => sum + payout.Amount);

    /// <summary>Two batches are equal if all they say is.</summary>
    public bool Equals(PayoutBatch? other) =>
        other is not null && Id == other.Id && Entity == other.Entity && Account == other.Account && Currency == other.Currency
        && ExecutionDate == other.ExecutionDate && Created == other.Created && Payouts.SequenceEqual(other.Payouts);

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);
}

/// <summary>What could be paid now, and what waits.</summary>
/// <param name="Payouts">Without ids and entries: what a batch ordered now would hold.</param>
/// <param name="Held">What is payable and waits.</param>
public sealed record PayoutPlan(ImmutableArray<Payout> Payouts, ImmutableArray<HeldPayout> Held);
