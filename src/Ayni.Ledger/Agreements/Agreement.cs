using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// One version of the terms by which revenue is shared. Versions are never changed; a later one takes over at its instant.
/// </summary>
/// <param name="Version">Its number, unique over all models.</param>
/// <param name="Model">The model it is about; null for every model that has no agreement of its own.</param>
/// <param name="Shares">Who earns what; the parts add up to 1,000,000, unless there is a document.</param>
/// <param name="WithoutAppPartyId">
/// Who earns the developer's share of a request that came from no app: the host. Null without such a share.
/// </param>
/// <param name="EffectiveFrom">Requests admitted from this instant on are shared by it.</param>
/// <param name="Document">Its terms where they are more than shares; <paramref name="Shares"/> is empty then.</param>
public sealed record Agreement(
    long Version, string? Model, ImmutableArray<Share> Shares, string? WithoutAppPartyId, DateTimeOffset EffectiveFrom,
    AgreementDocument? Document = null)
{
    /// <summary>Two versions are equal if all they say is.</summary>
    public bool Equals(Agreement? other) =>
        other is not null && Version == other.Version && Model == other.Model && Shares.SequenceEqual(other.Shares)
        && WithoutAppPartyId == other.WithoutAppPartyId && EffectiveFrom == other.EffectiveFrom
        && Document == other.Document;

    /// <inheritdoc/>
    public override int GetHashCode() => Version.GetHashCode();
}
