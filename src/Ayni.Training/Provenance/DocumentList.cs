using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Ayni.Training;

/// <summary>The documents of a source, each by its digest or its commitment, in ascending order. Immutable.</summary>
internal sealed class DocumentList
{
    private readonly List<DocumentDigest> _values;
    private readonly Lazy<string> _root;

    /// <summary>A list of one value or more, ascending, none twice.</summary>
    public DocumentList(List<DocumentDigest> values)
    {
        _values = values;
        _root = new(() => MerkleTree.Root(CollectionsMarshal.AsSpan(_values)).ToString());
    }

    /// <summary>The values.</summary>
    public IReadOnlyList<DocumentDigest> Values => _values;

    /// <summary>The root of the Merkle tree over them.</summary>
    public string Root => _root.Value;

    /// <summary>The list of some documents, whose digests are committed to by a key where there is one.</summary>
    public static DocumentList Of(IEnumerable<DocumentDigest> documents, byte[]? commitmentKey) =>
        new([.. documents.Select(document => commitmentKey is null ? document : Commit(commitmentKey, document)).Order()]);

    /// <summary>The commitment to a document: HMAC-SHA256 of its digest.</summary>
    public static DocumentDigest Commit(byte[] key, DocumentDigest document) =>
        DocumentDigest.Read(HMACSHA256.HashData(key, document.ToBytes()));

    /// <summary>The digest by which a manifest names a key of commitments.</summary>
    public static string DigestOf(byte[] commitmentKey) => DocumentDigest.Of([.. "ayni commitment key\n"u8, .. commitmentKey]).ToString();

    /// <summary>Where a value is; the complement of where it would be if it is not there.</summary>
    public int Find(DocumentDigest value) => _values.BinarySearch(value);

    /// <summary>Proves that a value is at its place.</summary>
    public ProvenPlace Prove(int index) => new(
        index, _values[index].ToString(), [.. MerkleTree.Path(CollectionsMarshal.AsSpan(_values), index).Select(hash => hash.ToString())]);
}
