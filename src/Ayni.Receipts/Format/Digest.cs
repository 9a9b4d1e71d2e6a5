using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Receipts;

/// <summary>A SHA-256 value, 32 bytes.</summary>
/// <param name="High">The first 16 bytes, big-endian.</param>
/// <param name="Low">The last 16 bytes, big-endian.</param>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest(UInt128 High, UInt128 Low)
{
    /// <summary>Its length in bytes.</summary>
    public const int Size = 32;

    /// <summary>32 zero bytes.</summary>
    public static Digest Zero => default;

    /// <summary>Takes 32 bytes as they are. Throws <see cref="ArgumentException"/> for another length.</summary>
    public static Digest FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length == Size
        ? new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]))
        : throw new ArgumentException($"A digest has {Size} bytes, not {bytes.Length}.", nameof(bytes));

    /// <summary>The SHA-256 of some bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return FromBytes(hash);
    }

    /// <summary>Reads 64 hexadecimal digits. Throws <see cref="FormatException"/> for anything else.</summary>
    public static Digest Parse(string hex) => FromBytes(Convert.FromHexString(hex) is { Length: Size } bytes
        ? bytes
        : throw new FormatException($"A digest has {2 * Size} hexadecimal digits, not {hex.Length}."));

    /// <summary>Writes the 32 bytes.</summary>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, High);
        BinaryPrimitives.WriteUInt128BigEndian(destination[16..], Low);
    }

    /// <summary>The 32 bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        WriteTo(bytes);
        return bytes;
    }

    /// <summary>64 small hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToBytes());
}

/// <summary>Writes a digest as hexadecimal digits.</summary>
internal sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
