using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// What stands on invoices about whoever issues or receives them. Versions are only ever added; an invoice keeps those it was issued with.
/// </summary>
/// <param name="Subject">An entity's code, a customer's id or a party's id.</param>
/// <param name="Version">1, 2, 3, … for each subject; 0 where only the name is known.</param>
/// <param name="LegalName">Its name in the register.</param>
/// <param name="Address">Street and place; lines end with a comma.</param>
/// <param name="Country">ISO 3166-1, two capital letters; empty where unknown.</param>
/// <param name="TaxId">Its number with the tax authority.</param>
/// <param name="Taxes">What is added to what it is invoiced or, for a party, to what it earns; and what is withheld from a party.</param>
/// <param name="DueDays">Days from an invoice's issue to its due date.</param>
public sealed record BillingDetails(
    string Subject, long Version, string LegalName, string Address, string Country, string? TaxId, ImmutableArray<Tax> Taxes, int DueDays)
{
    /// <summary>Days to pay where nothing else was agreed.</summary>
    public const int DefaultDueDays = 14;

    private const int LongestDueDays = 365, MostTaxes = 8;

    /// <summary>Two versions are equal if all they say is.</summary>
    public bool Equals(BillingDetails? other) =>
        other is not null && Subject == other.Subject && Version == other.Version && LegalName == other.LegalName
        && Address == other.Address && Country == other.Country && TaxId == other.TaxId && DueDays == other.DueDays
        && Taxes.SequenceEqual(other.Taxes);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Subject, Version);

    /// <summary>Details of whom only the name is known.</summary>
    internal static BillingDetails OfName(string subject, string name) => new(subject, 0, name, "", "", null, [], DefaultDueDays);

    /// <summary>The details, if they may be recorded.</summary>
    internal BillingDetails Checked()
    {
        Text.Demand(LegalName, "legal name");
        if (Address.Length > 0)
            Text.Demand(Address, "address");
        if (TaxId is not null)
            Text.Demand(TaxId, "tax id");
        if (Country is not ("" or [>= 'A' and <= 'Z', >= 'A' and <= 'Z']))
            throw Invalid($"'{Country}' is no country; write two capital letters, such as ES");
        if (DueDays is < 0 or > LongestDueDays)
            throw Invalid($"{DueDays} days to pay lie outside 0 to {LongestDueDays}");
        if (Taxes.Length > MostTaxes)
            throw Invalid($"{Taxes.Length} taxes are more than {MostTaxes}");
        foreach (var tax in Taxes)
        {
            if (Text.Demand(tax.Name, "tax's name").Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not (' ' or '-' or '.')))
                throw Invalid($"'{tax.Name}' is no tax's name; write letters, digits, blanks, hyphens and dots, such as VAT");
            if (tax.PartsPerMillion is < 0 or > Share.Whole)
                throw Invalid($"a rate of {tax.PartsPerMillion} parts lies outside 0 to {Share.Whole}");
            if (tax.Certificate is not { } certificate)
                continue;
            Text.Demand(certificate.Number, "certificate's number");
            if (!tax.IsWithheld || certificate.PartsPerMillion < 0 || certificate.PartsPerMillion > tax.PartsPerMillion)
            {
                throw Invalid(
                    $"a certificate lessens a tax that is withheld: give {tax.Name} a rate from 0 to {tax.PartsPerMillion} parts");
            }
            if (certificate.ValidUntil < certificate.ValidFrom)
                throw Invalid($"the certificate {certificate.Number} ends before it begins");
        }
        if (Taxes.Where(tax => tax.IsWithheld).Sum(tax => tax.PartsPerMillion) > Share.Whole)
            throw Invalid("together more than all is withheld");
        if (Taxes.DistinctBy(tax => (tax.Name, tax.IsWithheld)).Count() != Taxes.Length)
            throw Invalid("a tax is named twice");
        return this;
    }

    private LedgerRefusedException Invalid(string what) => new(Refusal.InvalidBilling, $"Billing details of {Subject}: {what}.");
}
