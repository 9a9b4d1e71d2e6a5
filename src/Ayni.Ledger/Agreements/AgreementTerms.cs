using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// What an agreement's document says: one party collects a model's revenue, pays the others their shares and keeps the rest. Either side
/// may be the collector. Immutable; <see cref="TermsText"/> gives it its one canonical text.
/// </summary>
public sealed record AgreementTerms
{
    /// <summary>
    /// The agreement's name. Versions of one name follow each other, and what is carried (advances, guarantees) passes from one to the
    /// next.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The model it is about; null for every model that has no agreement of its own.</summary>
    public string? Model { get; init; }

    /// <summary>The currency of its amounts and of the revenue it shares; null if it names no amount and shares revenue in any.</summary>
    public Currency? Currency { get; init; }

    /// <summary>The party that collects and keeps what no share takes.</summary>
    public required string CollectorId { get; init; }

    /// <summary>The first month; null for at once, or where <see cref="At"/> says when.</summary>
    public Period? From { get; init; }

    /// <summary>The instant from which a split holds, if it names one that is no month's beginning.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The last month; null for no end.</summary>
    public Period? Until { get; init; }

    /// <summary>
    /// Whether it is in force from a time on that was past when it was entered: for what older versions shared until then.
    /// </summary>
    public bool IsRetroactive { get; init; }

    /// <summary>The versions that it takes the place of from its beginning on, if it is retroactive, in order.</summary>
    public ImmutableArray<long> Replaces { get; init; } = [];

    /// <summary>Who earns by the versions that it replaces and must accept that, named in it or not, in ordinal order.</summary>
    public ImmutableArray<string> Affected { get; init; } = [];

    /// <summary>What net bases are less, in the order of the types.</summary>
    public ImmutableArray<AllowedDeduction> Deductions { get; init; } = [];

    /// <summary>What a marketplace takes first, of the gross less refunds and taxes; it lessens every net base.</summary>
    public MarketplaceFee? MarketplaceFee { get; init; }

    /// <summary>The shares in the order in which they are worked out; empty for a split.</summary>
    public required ImmutableArray<ShareTerms> Shares { get; init; }

    /// <summary>
    /// The parts of a million by which each charge is split, where that is all there is to it; they add up to the whole. The collector has
    /// the developer's part of what came from no app.
    /// </summary>
    public ImmutableArray<Share> Split { get; init; } = [];

    /// <summary>Whether each charge is split by parts of a million, and no month's amounts are evaluated.</summary>
    public bool IsSplit => !Split.IsEmpty;

    /// <summary>Everyone who must accept it: whom it names, without the developers of apps, each once, in ordinal order.</summary>
    public IReadOnlyList<string> PartyIds =>
    [
        .. Shares.SelectMany(share => share.PayeeIds).Concat(Split.Select(share => share.PartyId).OfType<string>()).Append(CollectorId)
            .Concat(MarketplaceFee is { } fee ? [fee.PayeeId] : []).Concat(Affected)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>
    /// The same terms as a month is evaluated by them: a split's parts as shares of the gross. Differs from the split of each charge in the
    /// rounding to 10⁻¹² only.
    /// </summary>
    internal AgreementTerms AsShares() => !IsSplit ? this : this with
    {
        Split = [],
        Shares =
        [
            .. Split.Where(share => share.PartyId != CollectorId)
                .GroupBy(share => share.PartyId ?? ShareTerms.EachDeveloper).Select(group => new ShareTerms
                {
                    Name = group.Key,
                    PayeeId = group.Key,
                    Base = ShareBase.Gross,
                    Tiers = [new(null, group.Sum(share => share.PartsPerMillion))],
                }),
        ],
    };

    /// <summary>The same terms with every party's reference replaced.</summary>
    internal AgreementTerms WithParties(Func<string, string> resolve) => this with
    {
        CollectorId = resolve(CollectorId),
        MarketplaceFee = MarketplaceFee is { } fee ? fee with { PayeeId = resolve(fee.PayeeId) } : null,
        Shares = [.. Shares.Select(share => share.WithParties(resolve))],
        Split = [.. Split.Select(share => share.PartyId is { } id ? share with { PartyId = resolve(id) } : share)],
    };

    /// <summary>Two documents are equal if their canonical texts are.</summary>
    public bool Equals(AgreementTerms? other) => other is not null && TermsText.Write(this) == TermsText.Write(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}

/// <summary>A type of deduction that an agreement takes off its net bases.</summary>
/// <param name="Type">Which.</param>
/// <param name="CapPartsPerMillion">At most this part of the gross, in parts of a million; null without a cap.</param>
public sealed record AllowedDeduction(DeductionType Type, int? CapPartsPerMillion);

/// <summary>What a marketplace takes before anybody else.</summary>
/// <param name="PayeeId">The store.</param>
/// <param name="PartsPerMillion">Of the gross less refunds and taxes.</param>
public sealed record MarketplaceFee(string PayeeId, int PartsPerMillion);
