using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What a share is a share of.</summary>
public enum ShareBase
{
    /// <summary>The revenue less the agreement's deductions.</summary>
    Net = 0,

    /// <summary>The revenue as it is.</summary>
    Gross = 1,

    /// <summary>What the collector has left when every share that stands before it is paid.</summary>
    Remainder = 2,
}

/// <summary>When revenue counts.</summary>
public enum ShareMeasure
{
    /// <summary>When it is charged.</summary>
    Billed = 0,

    /// <summary>When the customer has paid it.</summary>
    Collected = 1,
}

/// <summary>How tiers apply to a month's base.</summary>
public enum TierKind
{
    /// <summary>Each tier's rate to the part of the base within it.</summary>
    Marginal = 0,

    /// <summary>The rate of the tier that the base reaches to the whole base.</summary>
    Cliff = 1,
}

/// <summary>One tier of a share.</summary>
/// <param name="UpTo">Its upper edge, which still belongs to it; null for the last.</param>
/// <param name="PartsPerMillion">Its rate.</param>
public sealed record Tier(Amount? UpTo, int PartsPerMillion);

/// <summary>The least that a share pays each month, with or without revenue.</summary>
/// <param name="Amount">A month's.</param>
/// <param name="CarriesForward">Whether what was paid above what was earned comes off what later months earn above the guarantee.</param>
public sealed record Guarantee(Amount Amount, bool CarriesForward);

/// <summary>Money paid before it is earned, and earned back from what the share comes to.</summary>
/// <param name="Amount">In all.</param>
/// <param name="PaidElsewhere">Whether it was paid outside the ledger, which then only recoups it.</param>
/// <param name="RecoupPartsPerMillion">How much of a month's share goes to recoupment, in parts of a million.</param>
public sealed record Advance(Amount Amount, bool PaidElsewhere, int RecoupPartsPerMillion);

/// <summary>Someone's part of a pool.</summary>
/// <param name="PartyId">Who.</param>
/// <param name="Weight">Their weight, in whole numbers.</param>
/// <param name="Source">The source of the manifest that earns it; null where the weights are the agreement's own.</param>
public sealed record PoolMember(string PartyId, long Weight, string? Source = null);

/// <summary>Parties who divide a share by weights.</summary>
/// <param name="ManifestDigest">The SHA-256 of the <c>provenance.json</c> that the weights are from; null for the agreement's own.</param>
/// <param name="Members">Who, in the document's order.</param>
public sealed record Pool(Digest? ManifestDigest, ImmutableArray<PoolMember> Members);

/// <summary>A backer and what it paid.</summary>
/// <param name="PartyId">Who.</param>
/// <param name="Paid">How much; backers divide their share in proportion to it.</param>
public sealed record Backer(string PartyId, Amount Paid);

/// <summary>
/// A waterfall: one rate until the backers have had a multiple of what they paid, another from there on, and nothing beyond a cap.
/// </summary>
/// <param name="RecoupPartsPerMillion">The rate before.</param>
/// <param name="Multiple">The multiple, in ten-thousandths.</param>
/// <param name="ThenPartsPerMillion">The rate after.</param>
/// <param name="Cap">The multiple at which it ends, in ten-thousandths; null without end.</param>
/// <param name="Members">The backers, in the document's order.</param>
public sealed record Backers(int RecoupPartsPerMillion, int Multiple, int ThenPartsPerMillion, int? Cap, ImmutableArray<Backer> Members)
{
    /// <summary>What stands for one in multiples.</summary>
    public const int One = 10_000;

    /// <summary>What all paid.</summary>
    public Amount Paid => Members.Skip(1).Aggregate(Members[0].Paid, (sum, member) => sum + member.Paid);
}

/// <summary>One share of an agreement: who, of what, how much.</summary>
public sealed record ShareTerms
{
    /// <summary>The payee that stands for the developer of each line's app.</summary>
    public const string EachDeveloper = "developer";

    /// <summary>The share's name, one of its own within the agreement. What is carried is carried under it.</summary>
    public required string Name { get; init; }

    /// <summary>Who earns it, or <see cref="EachDeveloper"/>; null where a pool or backers do.</summary>
    public string? PayeeId { get; init; }

    /// <summary>Who divides it by weights, if so.</summary>
    public Pool? Pool { get; init; }

    /// <summary>The backers who earn it, if so.</summary>
    public Backers? Backers { get; init; }

    /// <summary>Only revenue of these models; of every one the agreement is about if empty.</summary>
    public ImmutableArray<string> Models { get; init; } = [];

    /// <summary>Only revenue of these adapters, by name.</summary>
    public ImmutableArray<string> Adapters { get; init; } = [];

    /// <summary>Only revenue of these apps.</summary>
    public ImmutableArray<string> Apps { get; init; } = [];

    /// <summary>Only revenue of what these hosts served.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>Only revenue from customers in these territories.</summary>
    public ImmutableArray<string> Territories { get; init; } = [];

    /// <summary>What it is a share of.</summary>
    public ShareBase Base { get; init; }

    /// <summary>When revenue counts.</summary>
    public ShareMeasure Measure { get; init; }

    /// <summary>How the tiers apply.</summary>
    public TierKind TierKind { get; init; }

    /// <summary>The rates; one tier without an edge is a plain percentage. Empty for backers and for shares of fixed amounts.</summary>
    public ImmutableArray<Tier> Tiers { get; init; } = [];

    /// <summary>An amount for each month, on top.</summary>
    public Amount? Fixed { get; init; }

    /// <summary>The least in a month with revenue.</summary>
    public Amount? Floor { get; init; }

    /// <summary>The most in a month.</summary>
    public Amount? Cap { get; init; }

    /// <summary>The least in any month.</summary>
    public Guarantee? Guarantee { get; init; }

    /// <summary>What is paid before it is earned.</summary>
    public Advance? Advance { get; init; }

    /// <summary>Whether it has a payee for each app's developer.</summary>
    public bool IsEachDeveloper => PayeeId == EachDeveloper;

    /// <summary>Whether it is of some of the agreement's revenue only.</summary>
    public bool IsScoped => !(Models.IsEmpty && Adapters.IsEmpty && Apps.IsEmpty && Hosts.IsEmpty && Territories.IsEmpty);

    /// <summary>The parties it names.</summary>
    internal IEnumerable<string> PayeeIds =>
        Pool is { } pool ? pool.Members.Select(member => member.PartyId)
        : Backers is { } backers ? backers.Members.Select(member => member.PartyId)
        : IsEachDeveloper ? [] : [PayeeId!];

    /// <summary>Whether a line of revenue is within the share's scope.</summary>
    internal bool Covers(RevenueGroup line) =>
        In(Models, line.Model) && In(Adapters, line.Adapter) && In(Apps, line.AppId) && In(Hosts, line.HostId)
        && In(Territories, line.Territory);

    internal ShareTerms WithParties(Func<string, string> resolve) => this with
    {
        PayeeId = PayeeId is null or EachDeveloper ? PayeeId : resolve(PayeeId),
        Hosts = [.. Hosts.Select(resolve).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        Pool = Pool is { } pool
            ? pool with { Members = [.. pool.Members.Select(member => member with { PartyId = resolve(member.PartyId) })] }
            : null,
        Backers = Backers is { } backers
            ? backers with { Members = [.. backers.Members.Select(member => member with { PartyId = resolve(member.PartyId) })] }
            : null,
    };

    private static bool In(ImmutableArray<string> names, string? name) =>
        names.IsEmpty || (name is not null && names.Contains(name, StringComparer.Ordinal));
}
