namespace Ayni.Training;

/// <summary>A document that is asked about: whether a model learned from it. Immutable.</summary>
public sealed class GivenDocument
{
    private readonly SourceDocument _document;

    private GivenDocument(SourceDocument document) => _document = document;

    /// <summary>Reads a document from a file that is written as those of a source are.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">The line it stands in; null where the file has one document only.</param>
    /// <exception cref="DataException">There is no document, or there are several and no line was named.</exception>
    public static GivenDocument Read(string path, int? line)
    {
        SourceDocument? found = null;
        foreach (var (_, number, document, _) in DocumentReader.Read(DataFormat.Auto, new SourceFile(Path.GetFileName(path), path)))
        {
            if (line is not null && number != line)
                continue;
            if (found is not null)
                throw new DataException($"{path}: there are several documents; name the line of one with --line.");
            found = document;
            if (line is not null)
                break;
        }
        return new GivenDocument(found ?? throw new DataException(
            line is null ? $"{path}: there is no document in it." : $"{path}: there is no document in line {line}."));
    }

    /// <summary>Proves for every source of a model, and of those it was tuned from, whether the document is among its documents.</summary>
    /// <param name="provenance">The model's manifest.</param>
    /// <param name="key">The maker's key, for private sources; without it nothing is proven of them.</param>
    /// <param name="discloses">Whether the keys of private sources are put into the proof, so that others can verify it.</param>
    /// <exception cref="ProvenanceException">The digests of the documents are not at hand, or can't be read.</exception>
    public DocumentProof Prove(ModelProvenance provenance, MakerKey? key, bool discloses) =>
        DocumentProof.Create(provenance.SignedManifest, provenance.ReadLeaves(), _document, key, discloses);

    /// <summary>Verifies a proof, and says of every source whether the document is among its documents.</summary>
    /// <param name="proof">The proof.</param>
    /// <param name="provenance">The model's manifest.</param>
    /// <param name="key">The maker's key, for private sources whose keys the proof does not disclose.</param>
    /// <exception cref="ProvenanceException">The proof is wrong, or is of another model or document.</exception>
    public IReadOnlyList<SourceMembership> Verify(DocumentProof proof, ModelProvenance provenance, MakerKey? key) =>
        proof.Verify(provenance.SignedManifest, _document, key);
}
