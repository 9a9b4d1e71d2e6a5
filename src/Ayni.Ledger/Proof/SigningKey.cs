using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ayni.Ledger;

/// <summary>
/// An Ed25519 key that signs (RFC 8032), in a file that only its owner may read: the private key as PEM of PKCS #8 (RFC 8410), as
/// <c>openssl pkey</c> reads it, or three lines that say which external signer has it (<see cref="ExternalSigner"/>):
/// <c>ayni/signer/v1</c>, the public key in base64, the command. Immutable and thread-safe.
/// </summary>
public sealed class SigningKey
{
    private const string Label = "PRIVATE KEY";
    private const string ExternalHeader = "ayni/signer/v1\n";
    private const int MostFileBytes = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // What RFC 8410 puts before the 32 bytes of a private key.
    private static readonly byte[] Prefix = Convert.FromHexString("302e020100300506032b657004220420");

    private readonly byte[] _seed = [];
    private readonly byte[] _publicKey = new byte[Ed25519.PublicKeySize];
    private readonly ExternalSigner? _signer;

    internal SigningKey(byte[] seed)
    {
        _seed = seed;
        Ed25519.GeneratePublicKey(seed, 0, _publicKey, 0);
    }

    private SigningKey(ExternalSigner signer, byte[] publicKey) => (_signer, _publicKey) = (signer, publicKey);

    /// <summary>The public key's 32 bytes.</summary>
    internal ReadOnlySpan<byte> PublicBytes => _publicKey;

    /// <summary>Whether it is in an external signer, which may take its time.</summary>
    internal bool IsExternal => _signer is not null;

    /// <summary>The public key under a name, for plain signatures of notes.</summary>
    public PublicKey ForNotes(string name) => new(name, PublicKey.NoteType, _publicKey);

    /// <summary>The public key under a name, for a witness's cosignatures.</summary>
    public PublicKey ForCosignatures(string name) => new(name, PublicKey.CosignatureType, _publicKey);

    /// <summary>
    /// Makes a new key and writes it into a new file, which is whole once it has its name. With a command, the key is the one that this
    /// external signer has. Throws <see cref="IOException"/> or <see cref="SignerException"/>.
    /// </summary>
    public static SigningKey Create(string path, string? signer = null)
    {
        var key = signer is null ? new SigningKey(RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize)) : OfSigner(signer);
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
                stream.Write(Encoding.UTF8.GetBytes(key.FileText()));
                stream.Flush(flushToDisk: true);
            }
            // Whether there is a key yet and that there is one now are two steps to the system.
            using var turn = FileTurn.Take(path + ".lock", FileOptions.DeleteOnClose);
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
        return Parse(path, File.ReadAllText(path));
    }

    /// <summary>A key by its file's text. Throws <see cref="ProofException"/>.</summary>
    internal static SigningKey Parse(string path, string text)
    {
        if (text.StartsWith(ExternalHeader, StringComparison.Ordinal))
            return ParseExternal(text) ?? throw NoKey(path);
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

    /// <summary>
    /// Signs a message; 64 bytes. The same message has always the same signature. Throws <see cref="SignerException"/> if an external
    /// signer fails.
    /// </summary>
    internal byte[] Sign(ReadOnlySpan<byte> message)
    {
        if (_signer is not null)
        {
            var external = _signer.Sign(message.ToArray());
            return new PublicKey("signer", PublicKey.NoteType, _publicKey).Verify(message, external)
                ? external
                : throw new SignerException($"The signer '{_signer.Command}' answers with a signature that is not its key's.");
        }
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(_seed, 0, _publicKey, 0, message.ToArray(), 0, message.Length, signature, 0);
        return signature;
    }

    private string FileText() => _signer is null
        ? new string(PemEncoding.Write(Label, [.. Prefix, .. _seed])) + "\n"
        : $"{ExternalHeader}{Convert.ToBase64String(_publicKey)}\n{_signer.Command}\n";

    private static SigningKey OfSigner(string command)
    {
        if (!IsCommand(command))
            throw new SignerException($"A signer's command is one line of 1 to {ExternalSigner.LongestCommand} characters.");
        var signer = new ExternalSigner(command);
        return new(signer, signer.ReadPublicKey());
    }

    private static bool IsCommand(string text) =>
        !string.IsNullOrWhiteSpace(text) && text.Length <= ExternalSigner.LongestCommand && !text.Any(char.IsControl);

    private static SigningKey? ParseExternal(string text)
    {
        var publicKey = new byte[Ed25519.PublicKeySize];
        return text[ExternalHeader.Length..].Split('\n') is [var key, var command, ""] && IsCommand(command)
            && Convert.TryFromBase64String(key, publicKey, out var count) && count == publicKey.Length
            ? new(new ExternalSigner(command), publicKey)
            : null;
    }

    private static ProofException NoKey(string path) =>
        new(ProofCheck.Format, $"{path}: this is no Ed25519 key in PEM, and names no external signer.");
}
