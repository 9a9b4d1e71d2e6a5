using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Reads a source's documents, in the order of its files and lines.</summary>
/// <typeparam name="T">What becomes of a document.</typeparam>
/// <param name="ofText">What becomes of a text.</param>
/// <param name="ofChat">What becomes of a conversation; a <see cref="ChatFormatException"/> is told with its line.</param>
internal sealed class DocumentReader<T>(Func<string, T> ofText, Func<ChatLine, T> ofChat)
{
    private const long MostTextBytes = 256 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly JsonDocumentOptions JsonOptions = new() { AllowDuplicateProperties = false };

    /// <summary>Reads all documents of a file; blank lines and empty texts are passed over.</summary>
    /// <exception cref="DataException">The file is not what its format says; names the line.</exception>
    public IEnumerable<T> Read(DataFormat format, SourceFile file)
    {
        if (format == DataFormat.Auto)
            format = file.Path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) ? DataFormat.Auto : DataFormat.Text;
        return format == DataFormat.Text ? ReadText(file.Path) : ReadLines(format, file.Path);
    }

    private IEnumerable<T> ReadText(string path)
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
            yield return ofText(text);
    }

    private IEnumerable<T> ReadLines(DataFormat format, string path)
    {
        foreach (var (number, line) in TextLines.Read(path))
        {
            if (!line.Span.Trim(" \t"u8).IsEmpty && TryReadLine(format, path, number, line, out var document))
                yield return document;
        }
    }

    private bool TryReadLine(
        DataFormat format, string path, int number, ReadOnlyMemory<byte> line, [MaybeNullWhen(false)] out T document)
    {
        try
        {
            using var json = JsonDocument.Parse(line, JsonOptions);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new FormatException($"expected an object, found {Kind(root)}");
            var isChat = format == DataFormat.Chat || (format == DataFormat.Auto && root.TryGetProperty("messages", out _));
            if (isChat)
            {
                document = ofChat(ChatLine.Read(root));
                return true;
            }
            var text = ChatLine.Text(root, "text");
            var isEmpty = string.IsNullOrWhiteSpace(text);
            document = isEmpty ? default : ofText(text);
            return !isEmpty;
        }
        catch (JsonException error)
        {
            throw new DataException($"{path}, line {number}, byte {error.BytePositionInLine}: not valid JSON.", error);
        }
        catch (FormatException error)
        {
            throw new DataException($"{path}, line {number}: {error.Message}.", error);
        }
        catch (InvalidOperationException error)
        {
            throw new DataException($"{path}, line {number}: a string is not valid Unicode.", error);
        }
        catch (ChatFormatException error)
        {
            throw new DataException($"{path}, line {number}: {error.Message}.", error);
        }
    }

    private static string Kind(JsonElement element) => element.ValueKind.ToString().ToLowerInvariant();
}
