using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>That a party accepted an agreement's document: by its signature, or, which is weaker, as the operator recorded it.</summary>
/// <param name="PartyId">Who.</param>
/// <param name="AcceptedAt">When it was recorded.</param>
/// <param name="Note">How it is known, such as a letter's number.</param>
/// <param name="Key">The party's verifier key that signed it; null where nothing was signed.</param>
/// <param name="Signature">Its signature over the document (<see cref="Books.AgreementToSign"/>), in base64.</param>
public sealed record Acceptance(
    string PartyId, DateTimeOffset AcceptedAt, string? Note, string? Key = null, string? Signature = null);

/// <summary>The document of an agreement: what is agreed, in its canonical text. It never changes.</summary>
/// <param name="Id">Its number, by which parties accept it.</param>
/// <param name="Name">The agreement's name.</param>
/// <param name="Text">The canonical text.</param>
/// <param name="Recorded">When it was entered.</param>
/// <param name="Version">The version of the agreement it is; null while somebody has not accepted it who must.</param>
/// <param name="Acceptances">Who has accepted it, in ordinal order.</param>
public sealed record AgreementDocument(
    long Id, string Name, string Text, DateTimeOffset Recorded, long? Version, ImmutableArray<Acceptance> Acceptances)
{
    private AgreementTerms? _terms;

    /// <summary>What it says; read from the text once.</summary>
    [JsonIgnore]
    public AgreementTerms Terms => _terms ??= TermsReader.Read($"agreement '{Name}'", Text);

    /// <summary>The SHA-256 of its text in UTF-8.</summary>
    public Digest Digest => Digest.Of(CanonicalWriter.StrictUtf8.GetBytes(Text));

    /// <summary>Who has not accepted it yet, in ordinal order.</summary>
    public IReadOnlyList<string> Missing => [.. Terms.PartyIds.Except(Acceptances.Select(acceptance => acceptance.PartyId), StringComparer.Ordinal)];

    /// <summary>Two documents are equal if all they say is.</summary>
    public bool Equals(AgreementDocument? other) =>
        other is not null && Id == other.Id && Name == other.Name && Text == other.Text && Recorded == other.Recorded && Version == other.Version
        && Acceptances.SequenceEqual(other.Acceptances);

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode();
}
