using System.Collections.Immutable;

namespace Ayni.Ledger;

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
    string Id, string Batch, string PartyId, BankDetails Account, Amount Amount, ImmutableArray<string> Documents, PayoutStatus Status,
    long Entry)
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
