using Ayni.Llama;

namespace Ayni.Training;

/// <summary>What came out of a check.</summary>
public enum FindingState
{
    /// <summary>It is as the manifest says.</summary>
    Right,

    /// <summary>It is not.</summary>
    Wrong,

    /// <summary>It could not be checked with what was at hand.</summary>
    Unchecked,
}

/// <summary>What was checked of a manifest, and what came out.</summary>
/// <param name="Subject">What was checked.</param>
/// <param name="State">What came out.</param>
/// <param name="Detail">In words, without a full stop.</param>
public sealed record ProvenanceFinding(string Subject, FindingState State, string Detail);

/// <summary>
/// Checks a model's manifest: the signature, the weights, the tokenizer, the list of documents and, from the recipe and its data,
/// everything that was counted. Not whether the weights follow from the data: that takes training again.
/// </summary>
public static class ProvenanceVerifier
{
    /// <summary>Checks all that can be checked.</summary>
    /// <param name="provenance">The manifest, which is the one that the model names.</param>
    /// <param name="recipe">
    /// The recipe whose data are read; null leaves them unchecked. Where its parent is not there, the model's own vocabulary, chat template
    /// and shape read them, and the parent's digest stays unchecked; an adapter, which has none, takes its base.
    /// </param>
    /// <param name="key">The maker's key, for the commitments of private sources; null leaves them unchecked.</param>
    /// <param name="progress">Told the share of the recipe's data that is read; null tells nobody.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="TrainingException">The recipe or its data can't be read.</exception>
    /// <exception cref="ModelFormatException">The model, or the parent or tokenizer of the recipe, can't be read.</exception>
    public static IReadOnlyList<ProvenanceFinding> Verify(
        ModelProvenance provenance, Recipe? recipe, MakerKey? key, IProgress<double>? progress,
        CancellationToken cancellationToken) =>
    [
        new("manifest", FindingState.Right, $"the model names it, {provenance.SignedManifest.Digest}"),
        VerifySignature(provenance),
        VerifyWeights(provenance, cancellationToken),
        .. VerifyTokenizer(provenance),
        .. VerifyLeaves(provenance),
        .. recipe is null
            ? [new ProvenanceFinding("data", FindingState.Unchecked, "name the recipe with --recipe to recompute them")]
            : VerifyData(provenance, recipe, key, progress, cancellationToken),
    ];

    /// <summary>Checks the signatures of a manifest and of those within it.</summary>
    public static ProvenanceFinding VerifySignature(ModelProvenance provenance)
    {
        var signed = provenance.SignedManifest;
        if (signed.Lineage.FirstOrDefault(one => one.IsSigned && !one.HasRightSignature()) is { } wrong)
            return new("signature", FindingState.Wrong, $"that of {wrong.Manifest.Model} is not the maker's");
        return signed.IsSigned
            ? new("signature", FindingState.Right, $"of {signed.Manifest.Maker}")
            : new("signature", FindingState.Unchecked, "unsigned: nobody vouches for this manifest");
    }

    /// <summary>Checks who signed.</summary>
    public static ProvenanceFinding VerifyMaker(ModelProvenance provenance, string publicKey) => Compare(
        "maker", provenance.SignedManifest.Manifest.Maker ?? "unsigned", publicKey.ToLowerInvariant());

    private static ProvenanceFinding VerifyWeights(ModelProvenance provenance, CancellationToken cancellationToken)
    {
        var finding = Compare(
            "weights", provenance.SignedManifest.Manifest.Tensors, provenance.ComputeTensorDigest(cancellationToken));
        return finding.State == FindingState.Right
            ? finding : finding with { Detail = finding.Detail + "; they were quantized or changed since" };
    }

    /// <summary>Checks the vocabulary and the chat template, which an adapter has none of.</summary>
    private static IEnumerable<ProvenanceFinding> VerifyTokenizer(ModelProvenance provenance)
    {
        if (provenance.IsAdapter)
            yield break;
        using var source = ModelSource.Open(provenance.Model);
        var claimed = provenance.SignedManifest.Manifest.Tokenizer;
        yield return TokenizerDescription.Of(source) is { } vocabulary
            ? Compare("tokenizer", claimed, TrainingTokenizer.ComputeDigest(vocabulary, source.ChatTemplate))
            : new ProvenanceFinding("tokenizer", FindingState.Unchecked, "the model's file has none");
    }

    private static IEnumerable<ProvenanceFinding> VerifyLeaves(ModelProvenance provenance)
    {
        if (!provenance.HasLeaves)
        {
            yield return new("leaves", FindingState.Unchecked, "the digests of the documents are not beside the manifest");
            yield break;
        }
        var lists = provenance.ReadLeaves();
        var own = provenance.SignedManifest;
        foreach (var (signed, source) in own.Lineage.SelectMany(one => one.Manifest.Sources.Select(source => (one, source))))
        {
            var subject = $"source '{source.Name}'" + (signed == own ? "" : $" of {signed.Manifest.Model}");
            if (!lists.TryGetValue(source.Root, out var list))
            {
                // A parent's may not have been at hand when this model was made.
                yield return new(
                    subject, signed == own ? FindingState.Wrong : FindingState.Unchecked,
                    "its documents are not among the leaves beside the manifest");
            }
            else if (list.Values.Count != source.Documents)
                yield return new(subject, FindingState.Wrong, $"it has {source.Documents} documents, and {list.Values.Count} leaves");
            else
                yield return new(subject, FindingState.Right, $"{list.Values.Count} leaves have its root");
        }
    }

    private static List<ProvenanceFinding> VerifyData(
        ModelProvenance provenance, Recipe recipe, MakerKey? key, IProgress<double>? progress,
        CancellationToken cancellationToken)
    {
        var manifest = provenance.SignedManifest.Manifest;
        var folder = Directory.CreateTempSubdirectory("ayni-provenance-").FullName;
        try
        {
            // An adapter has no vocabulary that could read the data in its base's place.
            var missingParent = provenance.IsAdapter ? null : ModelOrigin.FindMissingParent(recipe);
            using var origin = missingParent is null
                ? ModelOrigin.Open(recipe, cancellationToken) : ModelOrigin.OpenAsParent(recipe, provenance.Model, cancellationToken);
            using var data = RunData.Open(recipe, origin, Path.Combine(folder, "data.shard"), progress, cancellationToken);
            var counted = ManifestBuilder.CountSources(recipe, data, key, cancellationToken);
            var findings = new List<ProvenanceFinding>
            {
                Compare("recipe", manifest.Recipe, recipe.ComputeDigest()),
                Compare("recipe's tokenizer", manifest.Tokenizer, data.TokenizerDigest),
                missingParent is null
                    ? Compare("parent", manifest.Parent?.Digest ?? "none", origin.ComputeParentDigest() ?? "none")
                    : WithoutParent(manifest, missingParent),
            };
            var byName = counted.ToDictionary(source => source.Source.Name, source => source.Source, StringComparer.Ordinal);
            foreach (var claimed in manifest.Sources)
            {
                findings.Add(byName.Remove(claimed.Name, out var source)
                    ? CompareSource(claimed, source)
                    : new ProvenanceFinding($"source '{claimed.Name}'", FindingState.Wrong, "the recipe has no such source"));
            }
            // They follow from all sources together, as shares do, so one that is wrong would make the others seem so.
            if (findings.All(finding => finding.State != FindingState.Wrong) && byName.Count == 0)
                findings.Add(CompareSeen(manifest, counted.Select(source => source.Source)));
            findings.AddRange(byName.Keys.Select(name => new ProvenanceFinding(
                $"source '{name}'", FindingState.Wrong, "the recipe has it, and the manifest does not")));
            return findings;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ProvenanceFinding WithoutParent(Manifest manifest, string missing) => manifest.Parent is { } parent
        ? new("parent", FindingState.Unchecked,
            $"{parent.Digest} stands unverified, since there is no {missing}; the model's own vocabulary and shape read the data")
        : new("parent", FindingState.Wrong, $"the recipe has {missing} where the manifest says none");

    private static ProvenanceFinding CompareSource(ManifestSource claimed, ManifestSource found)
    {
        // A private source without the maker's key has no root that could be compared.
        var isOpen = claimed.CommitmentKey == found.CommitmentKey;
        (string Name, string Claimed, string Found)[] fields =
        [
            ("content", claimed.Content, found.Content), ("documents", $"{claimed.Documents}", $"{found.Documents}"),
            ("tokens", $"{claimed.Tokens}", $"{found.Tokens}"), ("licence", claimed.Licence, found.Licence),
            ("origin", claimed.Origin, found.Origin),
            ("rights holder", claimed.RightsHolder, found.RightsHolder), ("visibility", claimed.Visibility, found.Visibility),
            ("contributor's share", claimed.ContributorShare, found.ContributorShare), ("weight", claimed.Weight, found.Weight),
            ("files", $"{claimed.Files}", $"{found.Files}"),
            ("documents for validation", $"{claimed.ValidationDocuments}", $"{found.ValidationDocuments}"),
            ("exact duplicates", $"{claimed.ExactDuplicates}", $"{found.ExactDuplicates}"),
            ("near duplicates", $"{claimed.NearDuplicates}", $"{found.NearDuplicates}"),
            ("masked", $"{string.Join(' ', claimed.Mask)} {claimed.Masked}", $"{string.Join(' ', found.Mask)} {found.Masked}"),
            ("root", claimed.Root, isOpen ? found.Root : claimed.Root),
        ];
        var subject = $"source '{claimed.Name}'";
        string[] wrong = [.. fields.Where(field => field.Claimed != field.Found).Select(field =>
            $"{field.Name} {Short(field.Found)} where the manifest says {Short(field.Claimed)}")];
        if (wrong.Length > 0)
            return new(subject, FindingState.Wrong, $"the data have {string.Join(", ", wrong)}");
        if (!isOpen)
        {
            return new(subject, FindingState.Unchecked, found.CommitmentKey is null
                ? "as the manifest says, but its commitments take the maker's key (--key)"
                : "as the manifest says, but the key is not the maker's, so its commitments can't be checked");
        }
        return new(subject, FindingState.Right, $"{found.Tokens} tokens, share {found.Share}, as its data say");
    }

    private static ProvenanceFinding CompareSeen(Manifest manifest, IEnumerable<ManifestSource> counted) => Compare(
        "tokens seen", string.Join(", ", manifest.Sources.Select(source => $"{source.Name} {source.TokensSeen}")),
        string.Join(", ", counted.Select(source => $"{source.Name} {source.TokensSeen}")));

    private static ProvenanceFinding Compare(string subject, string claimed, string found) => claimed == found
        ? new(subject, FindingState.Right, claimed)
        : new(subject, FindingState.Wrong, $"{found} where the manifest says {claimed}");

    private static string Short(string text) => text.Length > 40 ? text[..12] + "…" : text;
}
