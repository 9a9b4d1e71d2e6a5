using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ayni.Training;

/// <summary>SHA-256 of a document's normal form, ordered as its bytes are.</summary>
internal readonly record struct DocumentDigest(UInt128 High, UInt128 Low) : IComparable<DocumentDigest>
{
    /// <summary>Its length in bytes.</summary>
    public const int Bytes = SHA256.HashSizeInBytes;

    /// <summary>The digest of some bytes.</summary>
    public static DocumentDigest Of(ReadOnlySpan<byte> content) => Read(SHA256.HashData(content));

    /// <summary>Reads 32 bytes.</summary>
    public static DocumentDigest Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    /// <summary>Its 32 bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16), Low);
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(DocumentDigest other) => High == other.High ? Low.CompareTo(other.Low) : High.CompareTo(other.High);

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());
}
