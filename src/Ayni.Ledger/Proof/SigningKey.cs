using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ayni.Ledger;

/// <summary>
/// An Ed25519 private key (RFC 8032) in a PEM file of PKCS #8 (RFC 8410), as <c>openssl pkey</c> reads it, that only its owner may read.
/// Immutable and thread-safe.
/// </summary>
public sealed class SigningKey
{
    private const string Label = "PRIVATE KEY";
    private const int MostFileBytes = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // What RFC 8410 puts before the 32 bytes of a private key.
    private static readonly byte[] Prefix = Convert.FromHexString("302e020100300506032b657004220420");

    private readonly byte[] _seed;
    private readonly byte[] _publicKey = new byte[Ed25519.PublicKeySize];

    internal SigningKey(byte[] seed)
    {
        _seed = seed;
        Ed25519.GeneratePublicKey(seed, 0, _publicKey, 0);
    }

    /// <summary>The public key's 32 bytes.</summary>
    internal ReadOnlySpan<byte> PublicBytes => _publicKey;

    /// <summary>The public key under a name, for plain signatures of notes.</summary>
    public PublicKey ForNotes(string name) => new(name, PublicKey.NoteType, _publicKey);

    /// <summary>The public key under a name, for a witness's cosignatures.</summary>
    public PublicKey ForCosignatures(string name) => new(name, PublicKey.CosignatureType, _publicKey);

    /// <summary>Makes a new key and writes it into a new file, which is whole once it has its name. Throws <see cref="IOException"/>.</summary>
    public static SigningKey Create(string path)
    {
        var key = new SigningKey(RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize));
        // A ledger on a server has made no folder yet.
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var partial = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.partial";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        try
        {
            using (var stream = new FileStream(partial, options))
            {
                stream.Write(Encoding.ASCII.GetBytes(new string(PemEncoding.Write(Label, [.. Prefix, .. key._seed])) + "\n"));
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
        return key;
    }

    /// <summary>Reads a key. Throws <see cref="ProofException"/> if the file is no such key, or others may read it.</summary>
    public static SigningKey Read(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0)
            throw new ProofException(ProofCheck.Format, $"{path}: others may use this key; forbid it: chmod 600 {path}");
        if (new FileInfo(path).Length > MostFileBytes)
            throw NoKey(path);
        var text = File.ReadAllText(path);
        if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] != Label)
            throw NoKey(path);
        var bytes = new byte[fields.DecodedDataLength];
        return Convert.TryFromBase64String(text[fields.Base64Data], bytes, out var count) && count == Prefix.Length + Ed25519.SecretKeySize
            && bytes.AsSpan().StartsWith(Prefix)
            ? new(bytes[Prefix.Length..])
            : throw NoKey(path);
    }

    /// <summary>Reads a key, or makes it if it is not there. Of several processes that make it at once, all get the same.</summary>
    public static SigningKey ReadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            try
            {
                return Create(path);
            }
            catch (IOException) when (File.Exists(path))
            {
            }
        }
        return Read(path);
    }

    /// <summary>Signs a message; 64 bytes. The same message has always the same signature.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> message)
    {
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(_seed, 0, _publicKey, 0, message.ToArray(), 0, message.Length, signature, 0);
        return signature;
    }

    private static ProofException NoKey(string path) => new(ProofCheck.Format, $"{path}: this is no Ed25519 key in PEM.");
}
