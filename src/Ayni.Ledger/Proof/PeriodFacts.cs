namespace Ayni.Ledger;

/// <summary>
/// A fact beside receipts that decides how a period's revenue is shared, as a list has it: the ledger's zone; whose an app is; where a
/// customer was, or whose (empty for unknown or nobody's), from an instant on; which host a meter reports for; or whose the own machines
/// were.
/// </summary>
internal sealed record FactItem(
    string? Zone = null, string? App = null, string? Developer = null, string? Customer = null, string? Country = null, string? Owner = null,
    string? Meter = null, string? Host = null, DateTimeOffset? From = null);

/// <summary>The facts that a period's settlement takes its revenue's groups from.</summary>
internal sealed class PeriodFacts
{
    private readonly Dictionary<string, string> _developers = new(StringComparer.Ordinal);

    private PeriodFacts(LedgerZone zone) => Zone = zone;

    /// <summary>The zone whose months are the ledger's.</summary>
    public LedgerZone Zone { get; }

    /// <summary>Where revenue came from.</summary>
    public RevenueFacts Revenue { get; } = new();

    /// <summary>The developer of each app.</summary>
    public IReadOnlyDictionary<string, string> Developers => _developers;

    /// <summary>The facts about what a period's items name, as they were until its end; later ones change nothing in it.</summary>
    public static IEnumerable<FactItem> Of(Session session, Period period, NamedInPeriod named)
    {
        var zone = LedgerRows.Zone(session);
        var end = zone.StartOf(period.Next);
        var facts = FactRows.Revenue(session);
        yield return new(Zone: zone.Id);
        foreach (var app in RegistryRows.Apps(session).Where(app => named.Apps.Contains(app.Id)).OrderBy(app => app.Id, StringComparer.Ordinal))
            yield return new(App: app.Id, Developer: app.DeveloperId);
        foreach (var customer in named.Customers.Order(StringComparer.Ordinal))
        {
            foreach (var (from, country) in facts.CountriesOf(customer).Where(fact => fact.From < end))
                yield return new(Customer: customer, Country: country ?? "", From: from);
            foreach (var (from, owner) in facts.OwnersOf(customer).Where(fact => fact.From < end))
                yield return new(Customer: customer, Owner: owner ?? "", From: from);
        }
        foreach (var meter in named.Meters.Order(StringComparer.Ordinal))
        {
            if (facts.HostOf(meter, end) is { } host)
                yield return new(Meter: meter, Host: host);
        }
        foreach (var host in facts.OwnHosts.Where(host => host.EffectiveFrom < end))
            yield return new(Host: host.PartyId, From: host.EffectiveFrom);
    }

    /// <summary>Reads facts back. Throws <see cref="ProofException"/> for what is none.</summary>
    public static PeriodFacts Read(IReadOnlyList<FactItem> items)
    {
        var zone = items.FirstOrDefault(item => item.Zone is not null)?.Zone
            ?? throw new ProofException(ProofCheck.Format, "The bundle's facts name no zone.");
        var facts = new PeriodFacts(FindZone(zone));
        foreach (var item in items)
        {
            var isFact = item switch
            {
                { Zone: not null } => item.Zone == zone,
                { App: { } app, Developer: { } developer } => facts._developers.TryAdd(app, developer),
                { Customer: { } customer, Country: { } country, From: { } from } => Add(() => facts.Revenue.AddCountry(customer, from, country)),
                { Customer: { } customer, Owner: { } owner, From: { } from } =>
                    Add(() => facts.Revenue.AddOwner(customer, from, owner.Length == 0 ? null : owner)),
                { Meter: { } meter, Host: { } host } => facts.Revenue.AddMeter(meter, host),
                { Host: { } host, From: { } from } => Add(() => facts.Revenue.AddOwnHost(new(from, host))),
                _ => false,
            };
            ProofChecks.All.Demand(ProofCheck.Format, isFact, "The bundle's facts hold what is none.");
        }
        return facts;

        static bool Add(Action add)
        {
            add();
            return true;
        }
    }

    private static LedgerZone FindZone(string id)
    {
        try
        {
            return LedgerZone.Find(id);
        }
        catch (LedgerRefusedException error)
        {
            throw new ProofException(ProofCheck.Format, error.Message);
        }
    }

    /// <summary>The developer of an app. Throws <see cref="ProofException"/> if no fact names one.</summary>
    public string DeveloperOf(string appId) => _developers.GetValueOrDefault(appId)
        ?? throw new ProofException(ProofCheck.Format, $"The bundle's facts do not say whose {appId} is.");
}

/// <summary>Whom a period's receipts, adjustments and revenue name.</summary>
internal sealed class NamedInPeriod
{
    public HashSet<string> Apps { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Customers { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Meters { get; } = new(StringComparer.Ordinal);

    public void Add(Receipt receipt)
    {
        Customers.Add(receipt.CustomerId);
        if (receipt.AppId is { } app)
            Apps.Add(app);
        if (receipt.MeterId is { } meter)
            Meters.Add(meter);
    }

    public void Add(Adjustment adjustment)
    {
        Customers.Add(adjustment.CustomerId);
        Apps.UnionWith(adjustment.Parts.Select(part => part.Share.AppId).OfType<string>());
    }
}
