using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ayni.Training;

/// <summary>Reads a source's documents, in the order of its files and lines.</summary>
internal static class DocumentReader
{
    private const long MostTextBytes = 256 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads all documents of a file; blank lines and empty texts are passed over.</summary>
    /// <exception cref="DataException">The file is not what its format says; names the line.</exception>
    public static IEnumerable<PlacedDocument> Read(DataFormat format, SourceFile file)
    {
        if (format == DataFormat.Auto)
            format = file.Path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) ? DataFormat.Auto : DataFormat.Text;
        return format == DataFormat.Text ? ReadText(file.Path) : ReadLines(format, file.Path);
    }

    private static IEnumerable<PlacedDocument> ReadText(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > MostTextBytes)
            throw new DataException($"{path}: {length:N0} bytes are more than the {MostTextBytes:N0} that one text may have; divide it.");
        string text;
        try
        {
            text = Utf8.GetString(File.ReadAllBytes(path));
        }
        catch (DecoderFallbackException error)
        {
            throw new DataException($"{path}: not valid UTF-8 at byte {error.Index}; convert it to UTF-8.", error);
        }
        text = text.TrimStart('\uFEFF');
        if (!string.IsNullOrWhiteSpace(text))
            yield return new PlacedDocument(path, 0, new TextDocument(text), length);
    }

    private static IEnumerable<PlacedDocument> ReadLines(DataFormat format, string path)
    {
        foreach (var (number, line, end) in TextLines.Read(path))
        {
            if (!line.Span.Trim(" \t"u8).IsEmpty && JsonLine.Read(path, number, line, root => ReadDocument(format, root)) is { } document)
                yield return new PlacedDocument(path, number, document, end);
        }
    }

    private static SourceDocument? ReadDocument(DataFormat format, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new FormatException($"expected an object, found {Kind(root)}");
        if (format == DataFormat.Preferences)
            return PreferenceDocument.Read(root);
        if (format == DataFormat.Chat || (format == DataFormat.Auto && root.TryGetProperty("messages", out _)))
            return new ConversationDocument(ChatLine.Read(root));
        var text = ChatLine.Text(root, "text");
        return string.IsNullOrWhiteSpace(text) ? null : new TextDocument(text);
    }

    private static string Kind(JsonElement element) => element.ValueKind.ToString().ToLowerInvariant();
}

/// <summary>A document and where it stands.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Line">Its line from 1, or 0 where it is the whole file.</param>
/// <param name="Document">The document.</param>
/// <param name="End">Bytes of its file up to its end.</param>
internal readonly record struct PlacedDocument(string Path, int Line, SourceDocument Document, long End)
{
    /// <summary>Where it stands, in words.</summary>
    public string Place => Line == 0 ? Path : string.Create(CultureInfo.InvariantCulture, $"{Path}, line {Line}");
}
