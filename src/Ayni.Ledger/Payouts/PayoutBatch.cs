using System.Collections.Immutable;

namespace Ayni.Ledger;

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
