using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Training;

/// <summary>A manifest and its maker's signature, as <c>provenance.json</c> has them. Immutable.</summary>
/// <param name="Manifest">The manifest.</param>
/// <param name="Signature">
/// The maker's Ed25519 signature, in hexadecimal, of the line <c>ayni provenance 1</c>, the manifest's digest and the weights' digest, of
/// 32 bytes each; <c>unsigned</c> where nobody vouches for the manifest.
/// </param>
public sealed record SignedManifest(Manifest Manifest, string Signature)
{
    private const string Unsigned = "unsigned";
    private const int MostFileBytes = 64 << 20;

    /// <summary>Whether a maker vouches for it.</summary>
    [JsonIgnore]
    public bool IsSigned => Signature != Unsigned;

    /// <summary>The manifest's digest, which the model's file names.</summary>
    [JsonIgnore]
    public string Digest => Manifest.ComputeDigest().ToString();

    /// <summary>This manifest, that of its model's parent and so on, as far as they are disclosed.</summary>
    [JsonIgnore]
    public IEnumerable<SignedManifest> Lineage
    {
        get
        {
            for (var signed = this; signed is not null; signed = signed.Manifest.Parent?.Provenance)
                yield return signed;
        }
    }

    /// <summary>Signs a manifest, or leaves it unsigned where there is no key.</summary>
    internal static SignedManifest Create(Manifest manifest, MakerKey? key)
    {
        manifest = manifest with { Maker = key?.PublicKey };
        return new SignedManifest(manifest, key?.Sign(Message(manifest)) ?? Unsigned);
    }

    /// <summary>Whether the signature is the maker's; false where there is none.</summary>
    public bool HasRightSignature() =>
        Manifest.Maker is { } maker && IsSigned && MakerKey.Verify(maker, Message(Manifest), Signature);

    /// <summary>Reads a manifest and checks that what it says can be, and that its shares are those of its tokens and weights.</summary>
    /// <exception cref="ProvenanceException">It is none; names the line or the field.</exception>
    public static SignedManifest Read(string path) => Parse(path, ProvenanceFile.ReadBounded(path, MostFileBytes));

    /// <summary>Reads a manifest from bytes.</summary>
    internal static SignedManifest Parse(string path, ReadOnlySpan<byte> json)
    {
        var signed = ProvenanceFile.Parse(path, "manifest", json, ProvenanceJson.Default.SignedManifest);
        ManifestCheck.Check(path, signed);
        return signed;
    }

    /// <summary>Writes the manifest for people to read.</summary>
    internal void Write(string path) => ProvenanceFile.Write(path, stream =>
    {
        using (var writer = new Utf8JsonWriter(stream, ProvenanceFile.Writing))
            JsonSerializer.Serialize(writer, this, ProvenanceJson.Default.SignedManifest);
        stream.WriteByte((byte)'\n');
    });

    private static byte[] Message(Manifest manifest) =>
        [.. Encoding.ASCII.GetBytes("ayni provenance 1\n"), .. manifest.ComputeDigest().ToBytes(), .. Convert.FromHexString(manifest.Tensors)];
}
