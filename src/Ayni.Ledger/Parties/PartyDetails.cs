namespace Ayni.Ledger;

/// <summary>What a party is in law, as statements name it.</summary>
/// <param name="LegalName">Its name in law.</param>
/// <param name="TaxId">Its number with the tax office.</param>
/// <param name="Address">Where it is.</param>
public sealed record PartyDetails(string? LegalName, string? TaxId, string? Address)
{
    /// <summary>Nothing known.</summary>
    public static PartyDetails Unknown { get; } = new(null, null, null);
}
