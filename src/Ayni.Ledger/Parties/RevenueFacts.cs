namespace Ayni.Ledger;

/// <summary>To whom a customer belongs, from an instant on.</summary>
/// <param name="CustomerId">The customer.</param>
/// <param name="EffectiveFrom">Requests admitted from this instant on are shared by it.</param>
/// <param name="OwnerId">The party; a developer earns no share of what its own customers use through its apps. Null for nobody.</param>
public sealed record CustomerOwner(string CustomerId, DateTimeOffset EffectiveFrom, string? OwnerId);

/// <summary>Whose the ledger's own machines are, from an instant on.</summary>
/// <param name="EffectiveFrom">Requests admitted from this instant on were served by it.</param>
/// <param name="PartyId">The host.</param>
public sealed record OwnHost(DateTimeOffset EffectiveFrom, string PartyId);

/// <summary>
/// What settlements know of where revenue came from beside the receipts: where customers are and to whom they belong, and which host served
/// them, at any instant.
/// </summary>
internal sealed class RevenueFacts
{
    private readonly Dictionary<string, List<(DateTimeOffset From, string? Value)>> _countries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(DateTimeOffset From, string? Value)>> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _hostsOfMeters = new(StringComparer.Ordinal);
    private readonly List<OwnHost> _ownHosts = [];
    private readonly List<Agreement> _retroactive = [];

    /// <summary>Adds a country that holds after those of its customer before it; empty for unknown.</summary>
    public void AddCountry(string customerId, DateTimeOffset from, string country) =>
        Add(_countries, customerId, from, country.Length == 0 ? null : country);

    /// <summary>Adds an owner who follows those of its customer before it.</summary>
    public void AddOwner(string customerId, DateTimeOffset from, string? ownerId) => Add(_owners, customerId, from, ownerId);

    /// <summary>Adds the host that a meter reports for, which never changes; whether none was known before.</summary>
    public bool AddMeter(string meterId, string hostId) => _hostsOfMeters.TryAdd(meterId, hostId);

    /// <summary>Adds an own host who follows those before it.</summary>
    public void AddOwnHost(OwnHost host) => _ownHosts.Add(host);

    /// <summary>Adds the agreements that take other versions' place from a time on that was past, in the order of their versions.</summary>
    public void AddReplacements(IEnumerable<Agreement> agreements) =>
        _retroactive.AddRange(agreements.Where(agreement => agreement.Document?.Terms.IsRetroactive == true));

    /// <summary>
    /// The agreement that shares a receipt's revenue: the one in force at its admission, or what all its parties agreed on later for that
    /// time.
    /// </summary>
    public long AgreementOf(Receipt receipt)
    {
        var version = receipt.AgreementVersion;
        foreach (var agreement in _retroactive)
        {
            if (agreement.EffectiveFrom <= receipt.AdmittedAt && (agreement.Model is null || agreement.Model == receipt.Model)
                && agreement.Document!.Terms.Replaces.Contains(version))
                version = agreement.Version;
        }
        return version;
    }

    /// <summary>The country that a customer's billing details named at an instant.</summary>
    public string? CountryOf(string customerId, DateTimeOffset at) => At(_countries, customerId, at);

    /// <summary>The party that a customer belonged to at an instant.</summary>
    public string? OwnerOf(string customerId, DateTimeOffset at) => At(_owners, customerId, at);

    /// <summary>
    /// The host that served a request: the one its meter reports for, or whose the ledger's own machines were; null if not known.
    /// </summary>
    public string? HostOf(string? meterId, DateTimeOffset at) =>
        meterId is not null ? _hostsOfMeters.GetValueOrDefault(meterId) : _ownHosts.FindLast(host => host.EffectiveFrom <= at)?.PartyId;

    /// <summary>Every country of a customer, oldest first.</summary>
    public IReadOnlyList<(DateTimeOffset From, string? Value)> CountriesOf(string customerId) => _countries.GetValueOrDefault(customerId) ?? [];

    /// <summary>Everybody to whom a customer belonged, oldest first.</summary>
    public IReadOnlyList<(DateTimeOffset From, string? Value)> OwnersOf(string customerId) => _owners.GetValueOrDefault(customerId) ?? [];

    /// <summary>Whose the ledger's own machines were, oldest first.</summary>
    public IReadOnlyList<OwnHost> OwnHosts => _ownHosts;

    private static void Add(Dictionary<string, List<(DateTimeOffset, string?)>> facts, string id, DateTimeOffset from, string? value)
    {
        if (!facts.TryGetValue(id, out var list))
            facts.Add(id, list = []);
        list.Add((from, value));
    }

    private static string? At(Dictionary<string, List<(DateTimeOffset From, string? Value)>> facts, string id, DateTimeOffset at) =>
        facts.TryGetValue(id, out var list) ? list.FindLast(fact => fact.From <= at).Value : null;
}
