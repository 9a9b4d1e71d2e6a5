namespace Ayni.Training;

/// <summary>Checks that what a manifest says can be.</summary>
internal static class ManifestCheck
{
    /// <summary>How many models one after another may be tuned from each other.</summary>
    public const int MostGenerations = 16;

    private const long MostCount = (1L << 53) - 1;
    private const int MostSources = 1000;
    // As long as a whole recipe may be.
    private const int MostTextLength = 1 << 20;

    /// <summary>Checks a manifest and those within it.</summary>
    /// <exception cref="ProvenanceException">It says what can't be; names the field.</exception>
    public static void Check(string path, SignedManifest signed)
    {
        var field = "";
        SignedManifest[] lineage = [.. signed.Lineage.Take(MostGenerations + 1)];
        Require(lineage.Length <= MostGenerations, "manifest.parent", $"there are more than {MostGenerations} generations");
        // The first ancestor first: the digest of what was checked can be computed.
        for (var generation = lineage.Length - 1; generation >= 0; generation--)
            CheckOne(lineage[generation], string.Concat(Enumerable.Repeat("manifest.parent.provenance.", generation)));

        void Require(bool holds, string name, string problem)
        {
            if (!holds)
                throw new ProvenanceException($"{path}: {field}{name}: {problem}.");
        }

        void CheckOne(SignedManifest one, string at)
        {
            field = at;
            var manifest = one.Manifest;
            Require(
                manifest.Version == Manifest.CurrentVersion, "manifest.version",
                $"{manifest.Version}, where {Manifest.CurrentVersion} is read");
            foreach (var (name, text) in ((string, string)[])[("model", manifest.Model), ("tool", manifest.Tool)])
                Require(text.Length <= MostTextLength, $"manifest.{name}", "the text is too long");
            foreach (var (name, text) in ((string, string)[])
                [("recipe", manifest.Recipe), ("tokenizer", manifest.Tokenizer), ("tensors", manifest.Tensors)])
                Require(IsDigest(text), $"manifest.{name}", "expected 64 hexadecimal digits");
            Require(manifest.Maker is null || IsDigest(manifest.Maker), "manifest.maker", "expected 64 hexadecimal digits, or null");
            Require(
                !one.IsSigned || DocumentDigest.IsHex(one.Signature, 64), "signature", "expected 128 hexadecimal digits, or 'unsigned'");
            Require((manifest.Maker is not null) == one.IsSigned, "signature", "a maker signs, and nobody else does");
            CheckParent(manifest.Parent);
            Require(manifest.Duplicates.Policy is "near" or "exact", "manifest.duplicates.policy", "neither near nor exact");
            Require(manifest.Sources.Count is > 0 and <= MostSources, "manifest.sources", $"expected 1 to {MostSources} sources");
            var names = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < manifest.Sources.Count; i++)
            {
                var source = manifest.Sources[i];
                field = $"{at}manifest.sources[{i}].";
                Require(source is not null, "", "a source is null");
                Require(names.Add(source!.Name), "name", "it occurs twice");
                CheckSource(source);
            }
            field = at;
            Require(manifest.Tokens == manifest.Sources.Sum(source => source.Tokens), "manifest.tokens", "it is not the sources' sum");
            Require(
                manifest.TokensSeen == manifest.Sources.Sum(source => source.TokensSeen), "manifest.tokens_seen",
                "it is not the sources' sum");
            var shares = SourceShares.Of([.. manifest.Sources.Select(source => (source.Tokens, source.Weight))]);
            for (var i = 0; i < shares.Length; i++)
            {
                Require(
                    manifest.Sources[i].Share == shares[i], $"manifest.sources[{i}].share",
                    $"{manifest.Sources[i].Share} is not the share of its tokens times its weight, {shares[i]}");
            }
        }

        void CheckParent(ManifestParent? parent)
        {
            if (parent is null)
                return;
            Require(IsDigest(parent.Digest), "manifest.parent.digest", "expected 64 hexadecimal digits");
            Require(
                parent.Manifest is null || IsDigest(parent.Manifest), "manifest.parent.manifest", "expected 64 hexadecimal digits, or null");
            Require(
                parent.Provenance is null || parent.Provenance.Digest == parent.Manifest, "manifest.parent.provenance",
                "this is not the manifest that the parent names");
        }

        void CheckSource(ManifestSource source)
        {
            foreach (var (name, text) in ((string, string)[])
                [("name", source.Name), ("licence", source.Licence), ("origin", source.Origin), ("rights_holder", source.RightsHolder)])
                Require(text.Length is > 0 and <= MostTextLength, name, "the text is empty or too long");
            foreach (var (name, text) in ((string, string)[])[("content", source.Content), ("root", source.Root)])
                Require(IsDigest(text), name, "expected 64 hexadecimal digits");
            foreach (var (name, count) in ((string, long)[])
                [
                    ("files", source.Files), ("documents", source.Documents), ("validation_documents", source.ValidationDocuments),
                    ("tokens", source.Tokens), ("tokens_seen", source.TokensSeen), ("exact_duplicates", source.ExactDuplicates),
                    ("near_duplicates", source.NearDuplicates), ("masked.email", source.Masked.Email),
                    ("masked.phone", source.Masked.Phone), ("masked.card", source.Masked.Card), ("masked.iban", source.Masked.Iban),
                ])
                Require(count is >= 0 and <= MostCount, name, "expected a whole number from 0 to 2⁵³ - 1");
            Require(source.Documents > source.ValidationDocuments && source.Tokens > 0, "documents", "there is nothing to learn");
            Require(
                ExactDecimal.Read(source.ContributorShare, ExactDecimal.MillionthPlaces) is <= 1_000_000, "contributor_share",
                "expected a number from 0 to 1 with six places");
            Require(
                ExactDecimal.Read(source.Weight, ExactDecimal.MillionthPlaces) is > 0 and <= 1_000_000_000, "weight",
                "expected a number above 0 to 1000 with six places");
            Require(source.Visibility is ManifestSource.Public or ManifestSource.Private, "visibility", "neither public nor private");
            Require(
                source.Visibility == ManifestSource.Private
                    ? source.CommitmentKey is { } key && IsDigest(key) : source.CommitmentKey is null,
                "commitment_key", "a private source has the digest of its key, and a public one none");
            Require(
                source.Mask.SequenceEqual(RecipeWriter.WordsOf(source.MaskedKinds())), "mask",
                "expected some of email, phone, card, iban in this order");
        }
    }

    private static bool IsDigest(string text) => DocumentDigest.IsHex(text, DocumentDigest.Bytes);
}
