namespace Ayni.Ledger;

/// <summary>One share of an agreement: a role or a named party, and its parts of a million.</summary>
/// <param name="Role">The role that earns it.</param>
/// <param name="PartyId">
/// The party that earns it. In a stored agreement it is empty only for the developer of the request's app, who is found when a period
/// closes.
/// </param>
/// <param name="PartsPerMillion">1 to 1,000,000.</param>
public sealed record Share(Role? Role, string? PartyId, int PartsPerMillion)
{
    /// <summary>The whole.</summary>
    public const int Whole = 1_000_000;

    /// <summary>
    /// A share of whoever has a role: for <see cref="Ledger.Role.Developer"/> the developer of each request's app (the host where it has
    /// none), for every other role the one party that has it when the agreement is made.
    /// </summary>
    public static Share Of(Role role, int partsPerMillion) => new(role, null, partsPerMillion);

    /// <summary>A share of a named party.</summary>
    public static Share Of(string partyId, int partsPerMillion) => new(null, partyId, partsPerMillion);
}
