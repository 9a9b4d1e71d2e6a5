using System.Text.Json;

namespace Ayni.Training;

/// <summary>
/// Proves for every source of a manifest, and of those within it, that one document is among its documents or is not. Immutable.
/// </summary>
/// <param name="Version">The version of this format: 1.</param>
/// <param name="Manifest">The digest of the manifest.</param>
/// <param name="Document">The digest of the document's normal form, nothing masked.</param>
/// <param name="Sources">A proof for each source, from the manifest's own to its first ancestor's.</param>
public sealed record DocumentProof(int Version, string Manifest, string Document, IReadOnlyList<SourceProof> Sources)
{
    private const int CurrentVersion = 1;
    private const int MostFileBytes = 64 << 20;

    /// <summary>Reads a proof.</summary>
    /// <exception cref="ProvenanceException">It is none; names the line.</exception>
    public static DocumentProof Read(string path) => Parse(path, ProvenanceFile.ReadBounded(path, MostFileBytes));

    /// <summary>Reads a proof from bytes.</summary>
    internal static DocumentProof Parse(string path, ReadOnlySpan<byte> json)
    {
        var proof = ProvenanceFile.Parse(path, "proof", json, ProvenanceJson.Default.DocumentProof);
        if (proof.Version != CurrentVersion)
            throw new ProvenanceException($"{path}: version {proof.Version}, where {CurrentVersion} is read.");
        if (proof.Sources.Any(source => source is null))
            throw new ProvenanceException($"{path}: sources: one is null.");
        return proof;
    }

    /// <summary>Writes the proof for people to read.</summary>
    public void Write(Stream stream)
    {
        using (var writer = new Utf8JsonWriter(stream, ProvenanceFile.Writing))
            JsonSerializer.Serialize(writer, this, ProvenanceJson.Default.DocumentProof);
        stream.WriteByte((byte)'\n');
    }

    /// <summary>Proves for all sources whether a document is among theirs.</summary>
    /// <param name="signed">The manifest.</param>
    /// <param name="lists">The documents of the sources by their roots.</param>
    /// <param name="document">The document as it is, nothing masked.</param>
    /// <param name="key">The key of the maker, for private sources; without it nothing is proven of them.</param>
    /// <param name="discloses">Whether the keys of private sources are put into the proof, so that others can verify it.</param>
    /// <exception cref="ProvenanceException">The documents of a source are not at hand.</exception>
    internal static DocumentProof Create(
        SignedManifest signed, IReadOnlyDictionary<string, DocumentList> lists, SourceDocument document, MakerKey? key,
        bool discloses) => new(
            CurrentVersion, signed.Digest, DocumentDigest.Of(document.NormalForm()).ToString(),
            [
                .. signed.Lineage.SelectMany(one => one.Manifest.Sources.Select(source =>
                    SourceProof.Create(one.Manifest, source, lists, document, key, discloses))),
            ]);

    /// <summary>Verifies the proof and says of every source whether the document is among its documents.</summary>
    /// <param name="signed">The manifest.</param>
    /// <param name="document">The document as it is, nothing masked.</param>
    /// <param name="key">The key of the maker, for private sources whose keys the proof does not disclose.</param>
    /// <exception cref="ProvenanceException">The proof is wrong, or is of another manifest or document; names the source.</exception>
    internal IReadOnlyList<SourceMembership> Verify(SignedManifest signed, SourceDocument document, MakerKey? key)
    {
        if (Manifest != signed.Digest)
            throw new ProvenanceException($"This proof is of the manifest {Short(Manifest)}, and the model's is {Short(signed.Digest)}.");
        if (Document != DocumentDigest.Of(document.NormalForm()).ToString())
            throw new ProvenanceException("This proof is of another document: the normal form of the given one has another SHA-256.");
        (Manifest Manifest, ManifestSource Source)[] sources =
            [.. signed.Lineage.SelectMany(one => one.Manifest.Sources.Select(source => (one.Manifest, source)))];
        if (sources.Length != Sources.Count)
            throw new ProvenanceException($"This proof is of {Sources.Count} sources, and the model has {sources.Length}.");
        return [.. sources.Zip(Sources, (source, proof) => proof.Verify(source.Manifest, source.Source, document, key))];
    }

    private static string Short(string digest) => digest.Length > 12 ? digest[..12] + "…" : digest;
}

/// <summary>Whether a document is among a source's.</summary>
public enum Membership
{
    /// <summary>It is.</summary>
    Member,

    /// <summary>It is not.</summary>
    Absent,

    /// <summary>Only who has the key of the private source can tell.</summary>
    Sealed,
}

/// <summary>What is proven of a source.</summary>
/// <param name="Model">The model whose source it is.</param>
/// <param name="Source">The source.</param>
/// <param name="Membership">Whether the document is among its documents.</param>
public sealed record SourceMembership(string Model, string Source, Membership Membership);

/// <summary>
/// A proof for one source: that a value is among its documents, or that its neighbours are with nothing between them, or neither where the
/// source's key was not at hand.
/// </summary>
/// <param name="Name">The source.</param>
/// <param name="Value">The document's digest with personal data masked, or its commitment; null where nothing is proven.</param>
/// <param name="CommitmentKey">A private source's key, where it is disclosed.</param>
/// <param name="Member">Where the value is.</param>
/// <param name="Before">The last value before it; null where it would be the first.</param>
/// <param name="After">The first value after it; null where it would be the last.</param>
public sealed record SourceProof(
    string Name, string? Value, string? CommitmentKey, ProvenPlace? Member, ProvenPlace? Before, ProvenPlace? After)
{
    /// <summary>Proves whether a document is among a source's.</summary>
    internal static SourceProof Create(
        Manifest manifest, ManifestSource source, IReadOnlyDictionary<string, DocumentList> lists, SourceDocument document, MakerKey? key,
        bool discloses)
    {
        var commitmentKey = FindKey(manifest, source, null, key);
        if (source.Visibility == ManifestSource.Private && commitmentKey is null)
            return new SourceProof(source.Name, null, null, null, null, null);
        if (!lists.TryGetValue(source.Root, out var list))
            throw new ProvenanceException(
                $"The documents of the source '{source.Name}' of {manifest.Model} are not among the leaves beside the manifest.");
        var value = ValueOf(source, document, commitmentKey);
        var disclosed = discloses && commitmentKey is not null ? Convert.ToHexStringLower(commitmentKey) : null;
        var place = list.Find(value);
        return place >= 0
            ? new SourceProof(source.Name, value.ToString(), disclosed, list.Prove(place), null, null)
            : new SourceProof(
                source.Name, value.ToString(), disclosed, null, ~place > 0 ? list.Prove(~place - 1) : null,
                ~place < list.Values.Count ? list.Prove(~place) : null);
    }

    /// <summary>Verifies the proof.</summary>
    internal SourceMembership Verify(Manifest manifest, ManifestSource source, SourceDocument document, MakerKey? key)
    {
        Require(Name == source.Name, "it is of another source");
        var commitmentKey = FindKey(manifest, source, CommitmentKey, key);
        if (source.Visibility == ManifestSource.Private && commitmentKey is null)
            return new SourceMembership(manifest.Model, source.Name, Membership.Sealed);
        Require(Value is not null, "it proves nothing, though the key is at hand");
        Require(ValueOf(source, document, commitmentKey).ToString() == Value, "its value is not that of the document");
        if (Member is not null)
        {
            Require(Before is null && After is null, "it proves two things");
            Require(Member.Value == Value && Member.IsIn(source), "the value is not in the list that the manifest names");
            return new SourceMembership(manifest.Model, source.Name, Membership.Member);
        }
        // The neighbours are in the list, one right after the other, or at its ends.
        Require(Before is not null || After is not null, "it proves nothing");
        Require(
            Before is null || (string.CompareOrdinal(Before.Value, Value) < 0 && Before.IsIn(source)),
            "the value before is not in the list");
        Require(
            After is null || (string.CompareOrdinal(After.Value, Value) > 0 && After.IsIn(source)),
            "the value after is not in the list");
        Require((After?.Index ?? source.Documents) == (Before?.Index ?? -1) + 1, "the values before and after are no neighbours");
        return new SourceMembership(manifest.Model, source.Name, Membership.Absent);

        void Require(bool holds, string problem)
        {
            if (!holds)
                throw new ProvenanceException($"The proof for the source '{source.Name}' of {manifest.Model} is wrong: {problem}.");
        }
    }

    private static DocumentDigest ValueOf(ManifestSource source, SourceDocument document, byte[]? commitmentKey)
    {
        var masked = document.Change(new PersonalDataMask(source.MaskedKinds()).Apply);
        var digest = DocumentDigest.Of(masked.NormalForm());
        return commitmentKey is null ? digest : DocumentList.Commit(commitmentKey, digest);
    }

    /// <summary>A private source's key, disclosed or from the maker's; null where neither is the one that the manifest names.</summary>
    private static byte[]? FindKey(Manifest manifest, ManifestSource source, string? disclosed, MakerKey? key)
    {
        if (source.Visibility == ManifestSource.Public)
            return null;
        var found = disclosed is not null && DocumentDigest.IsHex(disclosed, DocumentDigest.Bytes)
            ? Convert.FromHexString(disclosed) : key?.CommitmentKey(manifest.Recipe, source.Name);
        return found is not null && DocumentList.DigestOf(found) == source.CommitmentKey ? found : null;
    }
}

/// <summary>A value, its place in a source's list and what leads from it to the list's root.</summary>
/// <param name="Index">The place, from 0.</param>
/// <param name="Value">The value, in hexadecimal.</param>
/// <param name="Path">The hashes beside the way to the root, from the leaf upwards, in hexadecimal.</param>
public sealed record ProvenPlace(long Index, string Value, IReadOnlyList<string> Path)
{
    /// <summary>Whether the value is there in a source's list.</summary>
    internal bool IsIn(ManifestSource source) =>
        DocumentDigest.Parse(Value) is { } value && DocumentDigest.Parse(source.Root) is { } root
        && Path.All(hash => DocumentDigest.Parse(hash) is not null)
        && MerkleTree.Verify(root, source.Documents, Index, value, [.. Path.Select(hash => DocumentDigest.Parse(hash)!.Value)]);
}
