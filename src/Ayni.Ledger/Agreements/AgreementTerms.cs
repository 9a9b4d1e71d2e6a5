using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// What an agreement's document says: one party collects a model's revenue, pays the others their shares and keeps the rest. Either side may
/// be the collector. Immutable; <see cref="TermsText"/> gives it its one canonical text.
/// </summary>
public sealed record AgreementTerms
{
    /// <summary>
    /// The agreement's name. Versions of one name follow each other, and what is carried (advances, guarantees) passes from one to the next.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The model it is about; null for every model that has no agreement of its own.</summary>
    public string? Model { get; init; }

    /// <summary>The currency of its amounts and of the revenue it shares; null if it names no amount and shares revenue in any.</summary>
    public Currency? Currency { get; init; }

    /// <summary>The party that collects and keeps what no share takes.</summary>
    public required string CollectorId { get; init; }

    /// <summary>The first month; null for at once.</summary>
    public Period? From { get; init; }

    /// <summary>The last month; null for no end.</summary>
    public Period? Until { get; init; }

    /// <summary>Whether every party must have accepted it before it is in force.</summary>
    public bool RequiresAcceptance { get; init; }

    /// <summary>What net bases are less, in the order of the types.</summary>
    public ImmutableArray<AllowedDeduction> Deductions { get; init; } = [];

    /// <summary>What a marketplace takes first, of the gross less refunds and taxes; it lessens every net base.</summary>
    public MarketplaceFee? MarketplaceFee { get; init; }

    /// <summary>The shares in the order in which they are worked out.</summary>
    public required ImmutableArray<ShareTerms> Shares { get; init; }

    /// <summary>Everyone it names, without the developers of apps, each once, in ordinal order.</summary>
    public IReadOnlyList<string> PartyIds =>
    [
        .. Shares.SelectMany(share => share.PayeeIds).Append(CollectorId).Concat(MarketplaceFee is { } fee ? [fee.PayeeId] : [])
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <summary>The same terms with every party's reference replaced.</summary>
    internal AgreementTerms WithParties(Func<string, string> resolve) => this with
    {
        CollectorId = resolve(CollectorId),
        MarketplaceFee = MarketplaceFee is { } fee ? fee with { PayeeId = resolve(fee.PayeeId) } : null,
        Shares = [.. Shares.Select(share => share.WithParties(resolve))],
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
