using System.Text.Json;
using System.Text.Unicode;

namespace Ayni.Receipts;

/// <summary>How the bytes and fields of proofs are read: whatever is not exactly as it must be is a <see cref="ProofException"/>.</summary>
internal static class ProofFormat
{
    /// <summary>Bytes of the longest proof of a receipt or statement that is read.</summary>
    public const int MostBytes = 4 << 20;

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    public delegate T Reader<out T>(ref CanonicalReader reader);

    /// <summary>Reads canonical bytes to their end.</summary>
    public static T Read<T>(ReadOnlySpan<byte> bytes, string what, Reader<T> read)
    {
        try
        {
            var reader = new CanonicalReader(bytes);
            var value = read(ref reader);
            reader.ExpectEnd();
            return value;
        }
        catch (ReceiptFormatException error)
        {
            throw new ProofException(ProofCheck.Format, $"This is no {what}: at byte {error.Offset}, {error.Field} is not as it must be.");
        }
    }

    /// <summary>Reads a receipt's canonical bytes.</summary>
    public static Receipt ReadReceipt(ReadOnlySpan<byte> canonical)
    {
        try
        {
            return ReceiptFormat.Decode(canonical);
        }
        catch (ReceiptFormatException error)
        {
            throw new ProofException(ProofCheck.Format, error.Message);
        }
    }

    /// <summary>Reads a JSON object whose fields are there once each.</summary>
    public static JsonElement ParseObject(ReadOnlyMemory<byte> json, string what, int most = MostBytes)
    {
        if (json.Length > most)
            throw new ProofException(ProofCheck.Format, $"{json.Length:N0} bytes are more than a {what} has.");
        if (!Utf8.IsValid(json.Span))
            throw new ProofException(ProofCheck.Format, $"This is no {what}: it is not in UTF-8.");
        try
        {
            using var document = JsonDocument.Parse(json, Reading);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ProofException(ProofCheck.Format, $"This is no {what}: the JSON is no object.");
        }
        catch (JsonException error)
        {
            throw new ProofException(
                ProofCheck.Format, $"This is no {what}: line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} is no JSON.");
        }
    }

    /// <summary>A field of a kind that must be there.</summary>
    public static JsonElement Field(this JsonElement value, string name, JsonValueKind kind) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var field) && field.ValueKind == kind
            ? field
            : throw new ProofException(ProofCheck.Format, $"The proof has no field '{name}' of the kind it must be.");

    /// <summary>A field that may be missing.</summary>
    public static JsonElement? OptionalField(this JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var field) && field.ValueKind != JsonValueKind.Null
            ? field
            : null;

    /// <summary>A text.</summary>
    public static string TextField(this JsonElement value, string name)
    {
        try
        {
            return value.Field(name, JsonValueKind.String).GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new ProofException(ProofCheck.Format, $"The field '{name}' holds half a surrogate pair.");
        }
    }

    /// <summary>Bytes in base64, of which there is one way to write them.</summary>
    public static byte[] BytesField(this JsonElement value, string name) =>
        value.Field(name, JsonValueKind.String) is var field && field.TryGetBytesFromBase64(out var bytes)
        && field.ValueEquals(Convert.ToBase64String(bytes))
            ? bytes
            : throw new ProofException(ProofCheck.Format, $"The field '{name}' is not in base64.");

    /// <summary>A whole number, zero or more.</summary>
    public static long NumberField(this JsonElement value, string name) =>
        value.Field(name, JsonValueKind.Number).TryGetInt64(out var number) && number >= 0
            ? number
            : throw new ProofException(ProofCheck.Format, $"The field '{name}' is no whole number.");

    /// <summary>Hashes one after the other, in base64.</summary>
    public static Digest[] HashesField(this JsonElement value, string name) => Hashes(value.BytesField(name), name);

    /// <summary>Hashes one after the other.</summary>
    public static Digest[] Hashes(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length % Digest.Size != 0 || bytes.Length > MerkleTree.MostLevels * Digest.Size)
            throw new ProofException(ProofCheck.Format, $"'{name}' is no path: it has {bytes.Length} bytes.");
        var hashes = new Digest[bytes.Length / Digest.Size];
        for (var i = 0; i < hashes.Length; i++)
            hashes[i] = Digest.FromBytes(bytes.Slice(i * Digest.Size, Digest.Size));
        return hashes;
    }

    /// <summary>The bytes of hashes one after the other.</summary>
    public static byte[] Bytes(IReadOnlyList<Digest> hashes)
    {
        var bytes = new byte[hashes.Count * Digest.Size];
        for (var i = 0; i < hashes.Count; i++)
            hashes[i].WriteTo(bytes.AsSpan(i * Digest.Size));
        return bytes;
    }

    /// <summary>Bytes of a fixed number.</summary>
    public static byte[] ReadBytes(this ref CanonicalReader reader, int count, string field)
    {
        var bytes = new byte[count];
        reader.CopyTo(bytes, field);
        return bytes;
    }
}
