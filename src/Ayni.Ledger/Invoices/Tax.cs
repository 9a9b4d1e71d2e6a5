namespace Ayni.Ledger;

/// <summary>A tax and its rate.</summary>
/// <param name="Name">What invoices and accounts call it, such as <c>VAT</c>: letters, digits, blanks, hyphens and dots.</param>
/// <param name="PartsPerMillion">0 to 1,000,000; 0 prints a line that says so.</param>
/// <param name="IsWithheld">Whether it is kept back from what a party is paid, rather than added to the amount.</param>
/// <param name="Certificate">
/// By which less is withheld while it is valid; on a document, the one that it was lessened by.
/// </param>
public sealed record Tax(string Name, int PartsPerMillion, bool IsWithheld = false, TaxCertificate? Certificate = null)
{
    /// <summary>
    /// The tax as it is on a day: by the certificate, both days included, if it is valid then, else without one at the full rate.
    /// </summary>
    public Tax On(DateOnly day) => Certificate is { } certificate && day >= certificate.ValidFrom && day <= certificate.ValidUntil
        ? this with { PartsPerMillion = certificate.PartsPerMillion }
        : this with { Certificate = null };
}
