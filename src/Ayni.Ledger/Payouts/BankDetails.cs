namespace Ayni.Ledger;

/// <summary>Where a party, or an entity that pays, has its account. Versions are only ever added.</summary>
/// <param name="Subject">The party's id or the entity's code.</param>
/// <param name="Version">1, 2, 3, … for each subject.</param>
/// <param name="Holder">The account holder's name, at most 70 characters, as credit transfers carry it.</param>
/// <param name="Iban">The account.</param>
/// <param name="Bic">The bank, where the account's number alone does not lead to it.</param>
/// <param name="Recorded">Since when it counts.</param>
/// <param name="HeldUntil">
/// Until when nothing is paid there, because it was changed: 72 hours after a change, at once for the first.
/// </param>
public sealed record BankDetails(
    string Subject, long Version, string Holder, Iban Iban, Bic? Bic, DateTimeOffset Recorded, DateTimeOffset HeldUntil)
{
    /// <summary>How long nothing is paid to an account that replaced another.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromHours(72);

    private const int LongestHolder = 70;

    /// <summary>Refuses what can't be anybody's; true if it would change what is set, so that a second key has to approve it.</summary>
    internal static bool Changes(Transaction transaction, string subject, string holder, Iban iban, Bic? bic)
    {
        if (Text.Demand(holder, "account holder").Length > LongestHolder)
            throw new LedgerRefusedException(Refusal.InvalidText, $"An account holder's name has at most {LongestHolder} characters.");
        var session = transaction.Session;
        if (RegistryRows.Party(session, subject) is null && !InvoiceRows.Entities(session).Contains(subject, StringComparer.Ordinal))
            throw Registry.Unknown(Refusal.UnknownParty, "party or legal entity", subject);
        return PayoutRows.LastBankDetails(session, subject) is { } last && (last.Holder != holder || last.Iban != iban || last.Bic != bic);
    }

    /// <summary>Sets where somebody is paid.</summary>
    internal static BankDetails Set(Transaction transaction, string subject, string holder, Iban iban, Bic? bic)
    {
        var session = transaction.Session;
        var last = PayoutRows.LastBankDetails(session, subject);
        if (last is not null && last.Holder == holder && last.Iban == iban && last.Bic == bic)
            return last;
        var details = new BankDetails(
            subject, (last?.Version ?? 0) + 1, holder, iban, bic, transaction.Now,
            last is null ? transaction.Now : transaction.Now + Hold);
        PayoutRows.Insert(session, details);
        transaction.Note("set_bank_details", subject, last, details, LedgerJson.Default.BankDetails);
        return details;
    }

    /// <summary>All of it in words, for whoever approves it.</summary>
    internal static string TermsOf(string subject, string holder, Iban iban, Bic? bic) =>
        $"bank details of {subject}: {holder}, {iban}{(bic is null ? "" : $", {bic}")}";
}
