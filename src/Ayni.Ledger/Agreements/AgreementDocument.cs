using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>That a party accepted an agreement's document: by its signature, or, which is weaker, as somebody recorded it.</summary>
/// <param name="PartyId">Who.</param>
/// <param name="AcceptedAt">When it was recorded.</param>
/// <param name="Evidence">How it is known, such as a letter's number; null where it is signed.</param>
/// <param name="RecordedBy">Whose word it is: the key that recorded it, or the ledger's own machine; null where it is signed.</param>
/// <param name="Key">The party's verifier key that signed it; null where nothing was signed.</param>
/// <param name="Signature">Its signature over the document (<see cref="Books.AgreementToSign"/>), in base64.</param>
public sealed record Acceptance(
    string PartyId, DateTimeOffset AcceptedAt, string? Evidence, string? RecordedBy = null, string? Key = null, string? Signature = null);

/// <summary>Acceptances that whoever enters an agreement holds evidence for.</summary>
/// <param name="Parties">Who accepted it, by role or id; null for everybody who must.</param>
/// <param name="Evidence">How that is known, such as a contract's number.</param>
public sealed record HeldAcceptances(IReadOnlyList<string>? Parties, string Evidence)
{
    /// <summary>Acceptances of everybody who must.</summary>
    public static HeldAcceptances OfAll(string evidence) => new(null, evidence);

    /// <summary>All of it in words, for whoever approves it.</summary>
    public override string ToString() => $"accepted by {(Parties is null ? "everybody" : string.Join(", ", Parties))}: {Evidence}";
}

/// <summary>The document of an agreement: what is agreed, in its canonical text. It never changes.</summary>
/// <param name="Id">Its number, by which parties accept it.</param>
/// <param name="Name">The agreement's name.</param>
/// <param name="Text">The canonical text.</param>
/// <param name="Recorded">When it was entered.</param>
/// <param name="Version">The version of the agreement it is; null while somebody has not accepted it.</param>
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
