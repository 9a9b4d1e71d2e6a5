using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>Takes the tree of a JSON text that the ledger wrote into its database.</summary>
internal static class DocumentJson
{
    /// <summary>Reads a text that is one object. Throws <see cref="DocumentException"/> for anything else.</summary>
    public static DocumentMapping Parse(string path, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Convert(document.RootElement) as DocumentMapping ?? throw new DocumentException(path, 1, 1, "not an object");
        }
        catch (JsonException error)
        {
            throw new DocumentException(path, (error.LineNumber ?? 0) + 1, (error.BytePositionInLine ?? 0) + 1, "not valid JSON");
        }
    }

    private static DocumentNode Convert(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new DocumentMapping(
            1, 1, [.. element.EnumerateObject().Select(field => (new DocumentScalar(1, 1, field.Name, true), Convert(field.Value)))]),
        JsonValueKind.Array => new DocumentSequence(1, 1, [.. element.EnumerateArray().Select(Convert)]),
        JsonValueKind.String => new DocumentScalar(1, 1, element.GetString()!, true),
        _ => new DocumentScalar(1, 1, element.GetRawText(), false),
    };
}
