using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ayni.Receipts;

/// <summary>
/// An Ed25519 public key with the name it signs under, written as a verifier key of C2SP's signed notes: <c>NAME+ID+BASE64</c>. Immutable.
/// </summary>
public sealed record PublicKey
{
    /// <summary>The type of plain signatures of notes.</summary>
    internal const byte NoteType = 1;

    /// <summary>The type of cosignatures with a time.</summary>
    internal const byte CosignatureType = 4;

    private readonly byte[] _bytes;

    internal PublicKey(string name, byte type, ReadOnlySpan<byte> bytes)
    {
        if (!IsName(name))
            throw new ProofException(ProofCheck.Format, $"'{name}' is no name for a key: it holds no blanks, no plus and no control characters.");
        Name = name;
        Type = type;
        _bytes = bytes.ToArray();
        Id = ComputeId();
    }

    /// <summary>The name, such as <c>example.com/ayni</c>.</summary>
    public string Name { get; }

    /// <summary>The first four bytes of SHA-256 of the name, a line feed, the type and the key.</summary>
    public uint Id { get; }

    /// <summary>The type of its signatures.</summary>
    internal byte Type { get; }

    /// <summary>The 32 bytes of RFC 8032.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads a verifier key. Throws <see cref="ProofException"/> for anything else.</summary>
    public static PublicKey Parse(string text)
    {
        var (name, id, key) = text.Split('+', 3) is [var first, var second, var third] ? (first, second, third) : ("", "", "");
        Span<byte> bytes = stackalloc byte[1 + Ed25519.PublicKeySize];
        if (IsName(name) && Convert.TryFromBase64String(key, bytes, out var count) && count == bytes.Length
            && Convert.ToBase64String(bytes) == key && bytes[0] is NoteType or CosignatureType
            && new PublicKey(name, bytes[0], bytes[1..]) is var parsed && id == parsed.Id.ToString("x8", CultureInfo.InvariantCulture))
            return parsed;
        throw new ProofException(ProofCheck.Format, $"'{Shorten(text)}' is no verifier key; it looks like NAME+1a2b3c4d+BASE64.");
    }

    /// <summary>Whether a signature is this key's over a message.</summary>
    internal bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == Ed25519.SignatureSize
        && Ed25519.Verify(signature.ToArray(), 0, _bytes, 0, message.ToArray(), 0, message.Length);

    /// <summary>Whether a text may name a key in a note.</summary>
    internal static bool IsName([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= 200 } && text.All(character => character != '+' && !char.IsWhiteSpace(character) && !char.IsControl(character)
            && !char.IsSurrogate(character));

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Name}+{Id.ToString("x8", CultureInfo.InvariantCulture)}+{Convert.ToBase64String([Type, .. _bytes])}";

    /// <summary>Two keys are equal if their texts are.</summary>
    public bool Equals(PublicKey? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Id;

    private uint ComputeId()
    {
        byte[] text = [.. Encoding.UTF8.GetBytes(Name), (byte)'\n', Type, .. _bytes];
        return BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(text));
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
