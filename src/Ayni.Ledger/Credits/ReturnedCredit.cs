namespace Ayni.Ledger;

/// <summary>What was given back of a prepaid credit.</summary>
/// <param name="Id"><c>crr_…</c>, or the credit note's number.</param>
/// <param name="CreditId">The credit.</param>
/// <param name="Amount">How much of it, before tax.</param>
/// <param name="Reason">Why.</param>
/// <param name="Note">
/// The credit note for the invoice it was sold on; null where there is none yet: then it lessens the invoice of the month it was sold in.
/// </param>
public sealed record ReturnedCredit(string Id, string CreditId, Amount Amount, string Reason, Invoice? Note)
{
    /// <summary>What it is in.</summary>
    public Currency Currency => Amount.Currency;
}
