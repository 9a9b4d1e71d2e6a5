using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ayni.Training;

/// <summary>
/// The key by which a maker signs manifests: Ed25519 (RFC 8032), in a PEM file of PKCS #8 (RFC 8410) that only its owner may read. The keys
/// of private sources follow from it. Immutable.
/// </summary>
public sealed class MakerKey
{
    private const string Label = "PRIVATE KEY";
    private const int MostFileBytes = 4096;

    // What RFC 8410 puts before the 32 bytes of a private key.
    private static readonly byte[] Prefix = Convert.FromHexString("302e020100300506032b657004220420");

    private readonly byte[] _seed;

    private MakerKey(byte[] seed)
    {
        _seed = seed;
        var key = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(seed, 0, key, 0);
        PublicKey = Convert.ToHexStringLower(key);
    }

    /// <summary>The public key: 32 bytes in hexadecimal.</summary>
    public string PublicKey { get; }

    /// <summary>Makes a new key and writes it into a new file that only its owner may read.</summary>
    /// <exception cref="IOException">There is a file of that name, or it can't be written.</exception>
    public static MakerKey Create(string path)
    {
        var seed = RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(path, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(new string(PemEncoding.Write(Label, [.. Prefix, .. seed])) + "\n"));
            stream.Flush(flushToDisk: true);
        }
        return new MakerKey(seed);
    }

    /// <summary>Reads a key.</summary>
    /// <exception cref="ProvenanceException">The file is no such key, or others may read it.</exception>
    public static MakerKey Read(string path)
    {
        if (!File.Exists(path))
            throw new ProvenanceException($"There is no key {path}; make one: ayni provenance key {path}");
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            throw new ProvenanceException($"{path}: others may read this key; forbid it: chmod 600 {path}");
        if (new FileInfo(path).Length > MostFileBytes)
            throw NoKey(path);
        var text = File.ReadAllText(path);
        if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] != Label)
            throw NoKey(path);
        var bytes = new byte[fields.DecodedDataLength];
        return Convert.TryFromBase64String(text[fields.Base64Data], bytes, out var count) && count == Prefix.Length + Ed25519.SecretKeySize
            && bytes.AsSpan().StartsWith(Prefix)
            ? new MakerKey(bytes[Prefix.Length..])
            : throw NoKey(path);
    }

    /// <summary>Signs a message; 64 bytes in hexadecimal. The same message has always the same signature.</summary>
    internal string Sign(byte[] message)
    {
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(_seed, 0, message, 0, message.Length, signature, 0);
        return Convert.ToHexStringLower(signature);
    }

    /// <summary>Whether a signature in hexadecimal is that of the owner of a public key.</summary>
    internal static bool Verify(string publicKey, byte[] message, string signature) => Ed25519.Verify(
        Convert.FromHexString(signature), 0, Convert.FromHexString(publicKey), 0, message, 0, message.Length);

    /// <summary>
    /// The key of a private source's commitments: HKDF-SHA256 (RFC 5869) of the private key with the recipe's digest as salt. Another one
    /// for each source and recipe, so that to disclose one discloses no other.
    /// </summary>
    internal byte[] CommitmentKey(string recipeDigest, string source) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, _seed, DocumentDigest.Bytes, Convert.FromHexString(recipeDigest),
        Encoding.UTF8.GetBytes("ayni provenance commitments\n" + source));

    private static ProvenanceException NoKey(string path) =>
        new($"{path}: this is no Ed25519 key in PEM; make one: ayni provenance key FILE");
}
