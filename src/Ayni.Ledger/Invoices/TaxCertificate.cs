namespace Ayni.Ledger;

/// <summary>
/// What a tax authority gave a party, such as a certificate of residence under a treaty: by it less of a tax is withheld.
/// </summary>
/// <param name="Number">What the authority calls it.</param>
/// <param name="PartsPerMillion">The rate while it is valid: 0 where nothing is withheld.</param>
/// <param name="ValidFrom">Its first day, in the ledger's zone.</param>
/// <param name="ValidUntil">Its last day.</param>
public sealed record TaxCertificate(string Number, int PartsPerMillion, DateOnly ValidFrom, DateOnly ValidUntil);
