using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// The manifest of a model or an adapter, found by the digest that its file names. It lies beside the model: in its folder as
/// <c>provenance.json</c>, or beside <c>NAME.gguf</c> as <c>NAME.provenance.json</c>, each with its <c>.leaves</c>. Immutable.
/// </summary>
public sealed class ModelProvenance
{
    private const string ManifestEnding = "provenance.json";
    private const string LeavesEnding = "provenance.leaves";

    private ModelProvenance(string model, string path, SignedManifest signed) => (Model, Path, SignedManifest) = (model, path, signed);

    /// <summary>The model's file or folder.</summary>
    public string Model { get; }

    /// <summary>The manifest's file.</summary>
    public string Path { get; }

    /// <summary>The manifest.</summary>
    public SignedManifest SignedManifest { get; }

    /// <summary>Whether it is an adapter's.</summary>
    internal bool IsAdapter => IsAdapterFolder(Model);

    /// <summary>Whether the digests of its documents lie beside it.</summary>
    internal bool HasLeaves => File.Exists(LeavesPath);

    private string LeavesPath => LeavesOf(Path);

    private static string LeavesOf(string manifest) => manifest[..^ManifestEnding.Length] + LeavesEnding;

    /// <summary>Finds a model's manifest and checks that it is the one that the model's file names.</summary>
    /// <param name="model">The file or folder of a model or an adapter.</param>
    /// <exception cref="ProvenanceException">The model names none, or it is not beside it, or another one is.</exception>
    /// <exception cref="ModelFormatException">The model can't be read.</exception>
    public static ModelProvenance Open(string model)
    {
        var digest = IsAdapterFolder(model) ? AdapterFolder.ReadProvenanceDigest(model) : ReadDigest(model);
        if (digest is null)
            throw new ProvenanceException($"{model} names no manifest: what it learned from is undisclosed.");
        return Find(model, digest) ?? throw new ProvenanceException(
            $"{model} names the manifest {digest}, which is not beside it; get {string.Join(" or ", PathsBeside(model))}.");
    }

    /// <summary>Puts the manifest and its documents beside another file of the same model, if that names it as well.</summary>
    /// <param name="model">A model's file, or its folder.</param>
    /// <exception cref="IOException">They can't be written.</exception>
    public void CopyBeside(string model)
    {
        if (ReadDigest(model) != SignedManifest.Digest)
            return;
        var path = PathsBeside(model)[0];
        ProvenanceFile.Copy(Path, path);
        var leaves = LeavesOf(path);
        if (HasLeaves)
            ProvenanceFile.Copy(LeavesPath, leaves);
        else
            File.Delete(leaves);
    }

    /// <summary>The manifest of a digest beside a model; null where there is no manifest.</summary>
    /// <exception cref="ProvenanceException">There is another one, or it can't be read.</exception>
    public static ModelProvenance? Find(string model, string digest)
    {
        if (PathsBeside(model).FirstOrDefault(File.Exists) is not { } path)
            return null;
        var signed = SignedManifest.Read(path);
        return signed.Digest == digest
            ? new ModelProvenance(model, path, signed)
            : throw new ProvenanceException($"{path}: this manifest has the SHA-256 {signed.Digest}, and {model} names {digest}.");
    }

    /// <summary>Writes a model's manifest and its documents into a folder.</summary>
    internal static void Write(string folder, SignedManifest signed, IEnumerable<DocumentList> lists)
    {
        LeafFile.Write(System.IO.Path.Combine(folder, LeavesEnding), lists);
        signed.Write(System.IO.Path.Combine(folder, ManifestEnding));
    }

    /// <summary>The documents of the sources by their roots.</summary>
    /// <exception cref="ProvenanceException">The file is not there or can't be read; names the line.</exception>
    internal IReadOnlyDictionary<string, DocumentList> ReadLeaves() => HasLeaves
        ? LeafFile.Read(LeavesPath)
        : throw new ProvenanceException(
            $"There is no {LeavesPath}, which has the digests of the documents; get it from the model's maker.");

    /// <summary>The digest of the model's weights as they are.</summary>
    internal string ComputeTensorDigest(CancellationToken cancellationToken)
    {
        if (IsAdapter)
            return Convert.ToHexStringLower(AdapterFolder.ComputeTensorDigest(Model).Span);
        using var source = ModelSource.Open(Model);
        return Convert.ToHexStringLower(source.ComputeTensorDigest(cancellationToken).Span);
    }

    private static bool IsAdapterFolder(string model) => Directory.Exists(model) && AdapterFolder.IsIn(model);

    private static string? ReadDigest(string model)
    {
        using var source = ModelSource.Open(model);
        return source.ProvenanceDigest;
    }

    private static string[] PathsBeside(string model)
    {
        if (Directory.Exists(model))
            return [System.IO.Path.Combine(model, ManifestEnding)];
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(model))!;
        return
        [
            System.IO.Path.Combine(folder, $"{System.IO.Path.GetFileNameWithoutExtension(model)}.{ManifestEnding}"),
            System.IO.Path.Combine(folder, ManifestEnding),
        ];
    }
}
