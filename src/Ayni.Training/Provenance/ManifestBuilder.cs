using System.Reflection;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Makes a run's manifest: what it learned from is counted from the data and the recipe alone. Immutable.</summary>
internal sealed class ManifestBuilder
{
    private readonly Recipe _recipe;
    private readonly string _tokenizer;
    private readonly ManifestParent? _parent;
    private readonly MakerKey? _key;
    private readonly IReadOnlyDictionary<string, DocumentList> _parentLists;

    /// <summary>Prepares a manifest before anything is learned.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="tokenizerDigest">The digest of the vocabulary and the chat template.</param>
    /// <param name="parent">The model to be tuned; null where there is none.</param>
    /// <param name="parentDigest">The digest of its files.</param>
    /// <param name="key">The key to sign with, and from which those of private sources follow; null leaves the manifest unsigned.</param>
    /// <exception cref="ProvenanceException">A source is private and there is no key, or the parent's manifest is not the one that it
    /// names.</exception>
    public ManifestBuilder(Recipe recipe, string tokenizerDigest, ModelSource? parent, string? parentDigest, MakerKey? key)
    {
        (_recipe, _tokenizer, _key) = (recipe, tokenizerDigest, key);
        if (key is null && recipe.Sources.FirstOrDefault(source => source.IsPrivate) is { } source)
            throw new ProvenanceException($"the source '{source.Name}' is private, which takes a maker's key; name one with --key.");
        _parentLists = new Dictionary<string, DocumentList>();
        if (parent is null)
            return;
        var provenance = parent.ProvenanceDigest is { } digest ? ModelProvenance.Find(parent.Path, digest) : null;
        _parent = new ManifestParent(
            parent.Metadata.FindString("general.name") ?? parent.Name, parentDigest!, parent.ProvenanceDigest, provenance?.SignedManifest);
        if (provenance?.SignedManifest.Lineage.Count() == ManifestCheck.MostGenerations)
        {
            throw new ProvenanceException(
                $"{parent.Path}: it has {ManifestCheck.MostGenerations} generations already, and no more are recorded.");
        }
        if (provenance is { HasLeaves: true })
            _parentLists = provenance.ReadLeaves();
    }

    /// <summary>What a source was made of, and its documents.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="data">Its data.</param>
    /// <param name="maker">The key from which those of private sources follow; without it their roots are not those of commitments.</param>
    /// <param name="cancellationToken">Ends the counting.</param>
    public static IReadOnlyList<(ManifestSource Source, DocumentList Documents)> CountSources(
        Recipe recipe, RunData data, MakerKey? maker, CancellationToken cancellationToken)
    {
        var counts = data.Rows.Count(data.Steps * recipe.Accumulation, cancellationToken);
        var shares = SourceShares.Of([.. recipe.Sources.Select((source, i) => (counts[i].Tokens, WeightOf(source)))]);
        var digest = recipe.ComputeDigest();
        var first = 0;
        return [.. recipe.Sources.Select((source, i) =>
        {
            var shard = data.Shard.Header.Sources[i];
            var key = source.IsPrivate ? maker?.CommitmentKey(digest, source.Name) : null;
            var documents = DocumentList.Of(Enumerable.Range(first, (int)shard.Documents).Select(data.Shard.Digest), key);
            first += (int)shard.Documents;
            return (new ManifestSource(
                source.Name, source.Licence, source.Origin, source.RightsHolder,
                ExactDecimal.Write(ExactDecimal.Millionths(source.Share), ExactDecimal.MillionthPlaces), WeightOf(source),
                source.IsPrivate ? ManifestSource.Private : ManifestSource.Public, shard.Digest, shard.Files, shard.Documents,
                counts[i].ValidationDocuments, counts[i].Tokens, counts[i].TokensSeen, shares[i], shard.ExactDuplicates,
                shard.NearDuplicates, [.. RecipeWriter.WordsOf(source.Mask)], shard.Masked, documents.Root,
                key is null ? null : DocumentList.DigestOf(key)), documents);
        })];
    }

    /// <summary>Makes and signs the manifest of trained weights.</summary>
    /// <param name="sources">What <see cref="CountSources"/> counted.</param>
    /// <param name="tensorDigest">The digest of the weights.</param>
    public SignedManifest Create(IReadOnlyList<(ManifestSource Source, DocumentList Documents)> sources, string tensorDigest) =>
        SignedManifest.Create(
            new Manifest(
                Manifest.CurrentVersion, _recipe.Name, ToolName(), _recipe.ComputeDigest(), _tokenizer, tensorDigest, null, _parent,
                DuplicateSettings.Of(_recipe.Duplicates), sources.Sum(source => source.Source.Tokens),
                sources.Sum(source => source.Source.TokensSeen), [.. sources.Select(source => source.Source)]),
            _key);

    /// <summary>The documents of all sources, the parent's included.</summary>
    public IEnumerable<DocumentList> WithParents(IReadOnlyList<(ManifestSource Source, DocumentList Documents)> sources) =>
        sources.Select(source => source.Documents).Concat(_parentLists.Values);

    private static string WeightOf(DataSource source) =>
        ExactDecimal.Write(ExactDecimal.Millionths(source.Weight), ExactDecimal.MillionthPlaces);

    private static string ToolName() => "Ayni " + typeof(ManifestBuilder).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
