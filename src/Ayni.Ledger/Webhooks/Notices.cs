namespace Ayni.Ledger;

// What webhooks tell. Account numbers stay behind: their last letters are enough to know one by.

/// <summary>A month that was closed.</summary>
/// <param name="Period">The month.</param>
/// <param name="Status">Closed.</param>
public sealed record PeriodNotice(Period Period, PeriodStatus Status);

/// <summary>A payout that the bank paid or returned.</summary>
/// <param name="Id">The payout, the bank's end-to-end id.</param>
/// <param name="PartyId">Whose it is.</param>
/// <param name="Amount">How much.</param>
/// <param name="Currency">In what.</param>
/// <param name="AccountEnding">The account's last four letters.</param>
/// <param name="Documents">What it pays.</param>
/// <param name="Status">Paid or returned.</param>
public sealed record PayoutNotice(
    string Id, string PartyId, Amount Amount, Currency Currency, string AccountEnding, IReadOnlyList<string> Documents, PayoutStatus Status)
{
    internal static PayoutNotice Of(Payout payout) => new(
        payout.Id, payout.PartyId, payout.Amount, payout.Currency, payout.Account.Iban.Text[^4..], payout.Documents, payout.Status);
}

/// <summary>Bank details that were changed.</summary>
/// <param name="Subject">Whose they are.</param>
/// <param name="Version">The new version.</param>
/// <param name="AccountEnding">The new account's last four letters.</param>
/// <param name="HeldUntil">Until when nothing is paid there: the time to object.</param>
public sealed record BankDetailsNotice(string Subject, long Version, string AccountEnding, DateTimeOffset HeldUntil)
{
    internal static BankDetailsNotice Of(BankDetails details) =>
        new(details.Subject, details.Version, details.Iban.Text[^4..], details.HeldUntil);
}
