namespace Ayni.Ledger;

/// <summary>To whom a customer belongs, from an instant on.</summary>
/// <param name="CustomerId">The customer.</param>
/// <param name="EffectiveFrom">Requests admitted from this instant on are shared by it.</param>
/// <param name="OwnerId">The party; a developer earns no share of what its own customers use through its apps. Null for nobody.</param>
public sealed record CustomerOwner(string CustomerId, DateTimeOffset EffectiveFrom, string? OwnerId);

/// <summary>Where customers are and to whom they belong, at any instant.</summary>
internal sealed class CustomerFacts
{
    private readonly Dictionary<string, List<(DateTimeOffset From, string? Value)>> _countries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(DateTimeOffset From, string? Value)>> _owners = new(StringComparer.Ordinal);

    /// <summary>Adds a country that holds after those of its customer before it; empty for unknown.</summary>
    public void AddCountry(string customerId, DateTimeOffset from, string country) =>
        Add(_countries, customerId, from, country.Length == 0 ? null : country);

    /// <summary>Adds an owner who follows those of its customer before it.</summary>
    public void AddOwner(string customerId, DateTimeOffset from, string? ownerId) => Add(_owners, customerId, from, ownerId);

    /// <summary>The country that a customer's billing details named at an instant.</summary>
    public string? CountryOf(string customerId, DateTimeOffset at) => At(_countries, customerId, at);

    /// <summary>The party that a customer belonged to at an instant.</summary>
    public string? OwnerOf(string customerId, DateTimeOffset at) => At(_owners, customerId, at);

    private static void Add(Dictionary<string, List<(DateTimeOffset, string?)>> facts, string id, DateTimeOffset from, string? value)
    {
        if (!facts.TryGetValue(id, out var list))
            facts.Add(id, list = []);
        list.Add((from, value));
    }

    private static string? At(Dictionary<string, List<(DateTimeOffset From, string? Value)>> facts, string id, DateTimeOffset at) =>
        facts.TryGetValue(id, out var list) ? list.FindLast(fact => fact.From <= at).Value : null;
}
