using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Training;

/// <summary>
/// What a model learned from, as its maker says it. A claim: only to train again by the recipe tests it. Digests are SHA-256 in
/// hexadecimal. Immutable.
/// </summary>
/// <param name="Version">The version of this format: 1.</param>
/// <param name="Model">What the model is called.</param>
/// <param name="Tool">What trained it, with its version.</param>
/// <param name="Recipe">The recipe's digest (<see cref="Recipe.ComputeDigest"/>).</param>
/// <param name="Tokenizer">The digest of the vocabulary and the chat template.</param>
/// <param name="Tensors">The digest of the trained weights (<see cref="Llama.ModelSource.ComputeTensorDigest"/>).</param>
/// <param name="Maker">The maker's public key; null where nobody vouches for the manifest.</param>
/// <param name="Parent">The model that it was tuned from; null for one that was trained from nothing.</param>
/// <param name="Duplicates">How duplicates were found.</param>
/// <param name="Tokens">Loss-bearing tokens of all sources in one pass.</param>
/// <param name="TokensSeen">Loss-bearing tokens in all steps.</param>
/// <param name="Sources">What it learned from, in the recipe's order.</param>
public sealed record Manifest(
    int Version, string Model, string Tool, string Recipe, string Tokenizer, string Tensors, string? Maker, ManifestParent? Parent,
    DuplicateSettings Duplicates, long Tokens, long TokensSeen, IReadOnlyList<ManifestSource> Sources)
{
    /// <summary>The version that is written and read.</summary>
    internal const int CurrentVersion = 1;

    /// <summary>This manifest's digest: of its JSON as <see cref="CanonicalJson"/> writes it.</summary>
    internal DocumentDigest ComputeDigest() =>
        DocumentDigest.Of(CanonicalJson.Write(JsonSerializer.SerializeToNode(this, ProvenanceJson.Default.Manifest)));
}

/// <summary>A source of a model.</summary>
/// <param name="Name">The recipe's name for it.</param>
/// <param name="Licence">Its licence, an SPDX identifier.</param>
/// <param name="Origin">Where it is from.</param>
/// <param name="RightsHolder">Who holds the rights in it.</param>
/// <param name="ContributorShare">The contributor's part of what it earns, from 0 to 1, with six places.</param>
/// <param name="Weight">How often an epoch saw it, with six places.</param>
/// <param name="Visibility"><c>public</c>, or <c>private</c> where the digests of documents are kept secret by a key.</param>
/// <param name="Content">The digest of its files' names and contents.</param>
/// <param name="Files">Its files.</param>
/// <param name="Documents">Its documents, without duplicates.</param>
/// <param name="ValidationDocuments">Those of them that were kept for validation.</param>
/// <param name="Tokens">Loss-bearing tokens of the others in one pass.</param>
/// <param name="TokensSeen">Loss-bearing tokens of it in all steps.</param>
/// <param name="Share">Its share of all tokens times weights, with twelve places; the shares add up to 1.</param>
/// <param name="ExactDuplicates">Documents left out because one before says the same.</param>
/// <param name="NearDuplicates">Documents left out because one before says nearly the same.</param>
/// <param name="Mask">The kinds of personal data that were masked.</param>
/// <param name="Masked">How often.</param>
/// <param name="Root">The root of the Merkle tree over its documents' sorted digests, or their commitments.</param>
/// <param name="CommitmentKey">The digest of a private source's key; null for a public one.</param>
public sealed record ManifestSource(
    string Name, string Licence, string Origin, string RightsHolder, string ContributorShare, string Weight, string Visibility,
    string Content, long Files, long Documents, long ValidationDocuments, long Tokens, long TokensSeen, string Share, long ExactDuplicates,
    long NearDuplicates, IReadOnlyList<string> Mask, PersonalDataCounts Masked, string Root, string? CommitmentKey)
{
    /// <summary><see cref="Visibility"/> of a source whose documents' digests are known to all.</summary>
    internal const string Public = "public";

    /// <summary><see cref="Visibility"/> of the others.</summary>
    internal const string Private = "private";

    /// <summary>The kinds of personal data that were masked.</summary>
    internal PersonalDataKinds MaskedKinds() =>
        RecipeWriter.MaskWords.Where(kind => Mask.Contains(kind.Word)).Aggregate(PersonalDataKinds.None, (all, kind) => all | kind.Kind);
}

/// <summary>How duplicates were found (<see cref="NearDuplicates"/>).</summary>
/// <param name="Policy"><c>near</c>, or <c>exact</c> where only the same documents were left out.</param>
/// <param name="RunWords">Words of a run.</param>
/// <param name="Hashes">Hashes of a document.</param>
/// <param name="Bands">Bands of hashes.</param>
/// <param name="LeastPercent">Hundredths of the hashes that near duplicates have in common at least.</param>
/// <param name="MostCompared">How many documents of one band a document was compared with.</param>
public sealed record DuplicateSettings(string Policy, int RunWords, int Hashes, int Bands, int LeastPercent, int MostCompared)
{
    /// <summary>The settings of a policy.</summary>
    internal static DuplicateSettings Of(DuplicatePolicy policy) => new(
        policy.ToString().ToLowerInvariant(), Training.NearDuplicates.RunWords, Training.NearDuplicates.Hashes,
        Training.NearDuplicates.Bands, Training.NearDuplicates.LeastPercent, Training.NearDuplicates.MostCompared);
}

/// <summary>The model that a model was tuned from.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Digest">The digest of its files (<see cref="Llama.ModelSource.ComputeDigest"/>).</param>
/// <param name="Manifest">The digest of its manifest, as its file says it; null where it says none.</param>
/// <param name="Provenance">Its manifest; null, in JSON <c>"undisclosed"</c>, where it has none or it was not at hand.</param>
public sealed record ManifestParent(
    string Name, string Digest, string? Manifest, [property: JsonConverter(typeof(UndisclosedConverter))] SignedManifest? Provenance);

/// <summary>Writes no manifest as <c>"undisclosed"</c>.</summary>
internal sealed class UndisclosedConverter : JsonConverter<SignedManifest?>
{
    private const string Undisclosed = "undisclosed";

    public override bool HandleNull => true;

    public override SignedManifest? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.String when reader.ValueTextEquals(Undisclosed) => null,
            JsonTokenType.StartObject => JsonSerializer.Deserialize(ref reader, ProvenanceJson.Default.SignedManifest),
            _ => throw new JsonException($"Expected a manifest or \"{Undisclosed}\"."),
        };

    public override void Write(Utf8JsonWriter writer, SignedManifest? value, JsonSerializerOptions options)
    {
        if (value is null)
            writer.WriteStringValue(Undisclosed);
        else
            JsonSerializer.Serialize(writer, value, ProvenanceJson.Default.SignedManifest);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(SignedManifest))]
[JsonSerializable(typeof(DocumentProof))]
internal sealed partial class ProvenanceJson : JsonSerializerContext;
