using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>
/// One version of the terms by which revenue is shared. Versions are never changed; a later one takes over at its instant.
/// </summary>
/// <param name="Version">Its number, unique over all models.</param>
/// <param name="Model">The model it is about; null for every model that has no agreement of its own.</param>
/// <param name="Shares">By which parts each charge is split; they add up to 1,000,000. Empty where a month is evaluated by the
/// document.</param>
/// <param name="WithoutAppPartyId">
/// Who earns the developer's share of a request that came from no app: the host. Null without such a share.
/// </param>
/// <param name="EffectiveFrom">Requests admitted from this instant on are shared by it.</param>
/// <param name="Document">What its parties accepted; null for lists of shares from before everything was accepted.</param>
public sealed record Agreement(
    long Version, string? Model, ImmutableArray<Share> Shares, string? WithoutAppPartyId, DateTimeOffset EffectiveFrom,
    AgreementDocument? Document = null)
{
    /// <summary>Whether each charge is split, and no month's amounts are evaluated.</summary>
    [JsonIgnore]
    public bool IsSplit => !Shares.IsEmpty;

    /// <summary>A version that is a document.</summary>
    internal static Agreement Of(long version, AgreementDocument document, DateTimeOffset effectiveFrom)
    {
        var terms = document.Terms;
        var withoutApp = terms.Split.Any(share => share.PartyId is null) ? terms.CollectorId : null;
        return new(version, terms.Model, terms.Split, withoutApp, effectiveFrom, document);
    }

    /// <summary>Who earns by it, without the developers of apps.</summary>
    internal IEnumerable<string> PartyIds => Document?.Terms.PartyIds
        ?? Shares.Select(share => share.PartyId).Append(WithoutAppPartyId).OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>Whether each app's developer earns by it.</summary>
    internal bool HasDevelopers => Shares.Any(share => share.PartyId is null) || Document?.Terms.Shares.Any(share => share.IsEachDeveloper) == true;

    /// <summary>Two versions are equal if all they say is.</summary>
    public bool Equals(Agreement? other) =>
        other is not null && Version == other.Version && Model == other.Model && Shares.SequenceEqual(other.Shares)
        && WithoutAppPartyId == other.WithoutAppPartyId && EffectiveFrom == other.EffectiveFrom
        && Document == other.Document;

    /// <inheritdoc/>
    public override int GetHashCode() => Version.GetHashCode();
}
