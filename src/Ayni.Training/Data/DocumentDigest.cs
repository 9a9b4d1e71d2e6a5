using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ayni.Training;

/// <summary>SHA-256 of a document's normal form, or another value of as many bytes, ordered as the bytes are.</summary>
internal readonly record struct DocumentDigest(UInt128 High, UInt128 Low) : IComparable<DocumentDigest>
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Its length in bytes.</summary>
    public const int Bytes = SHA256.HashSizeInBytes;

    /// <summary>The digest of some bytes.</summary>
    public static DocumentDigest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(content, hash);
        return Read(hash);
    }

    /// <summary>Reads 32 bytes.</summary>
    public static DocumentDigest Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    /// <summary>Reads 64 hexadecimal digits in lower case; null for anything else.</summary>
    public static DocumentDigest? Parse(ReadOnlySpan<char> text) => IsHex(text, Bytes) ? Read(Convert.FromHexString(text)) : null;

    /// <summary>Whether a text is a number of bytes in hexadecimal, in lower case.</summary>
    public static bool IsHex(ReadOnlySpan<char> text, int bytes) =>
        text.Length == 2 * bytes && !text.ContainsAnyExcept(HexDigits);

    /// <summary>Writes its 32 bytes.</summary>
    public void CopyTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], Low);
    }

    /// <summary>Its 32 bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(DocumentDigest other) => High == other.High ? Low.CompareTo(other.Low) : High.CompareTo(other.High);

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());
}
