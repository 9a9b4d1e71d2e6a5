using System.Text.Json;

namespace Ayni.Training;

/// <summary>One line of a JSONL file.</summary>
internal static class JsonLine
{
    private const int MostShown = 40;

    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a line.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="number">The line's number from 1.</param>
    /// <param name="line">Its bytes.</param>
    /// <param name="read">Makes something of its value; may throw <see cref="FormatException"/>.</param>
    /// <exception cref="DataException">It is not JSON, or not what was expected; names file and line.</exception>
    public static T Read<T>(string path, int number, ReadOnlyMemory<byte> line, Func<JsonElement, T> read)
    {
        try
        {
            using var json = JsonDocument.Parse(line, Options);
            return read(json.RootElement);
        }
        catch (JsonException error)
        {
            throw new DataException(
                error.BytePositionInLine is { } at
                    ? $"{path}, line {number}, byte {at}: not valid JSON."
                    : $"{path}, line {number}: the field \"{FindDuplicate(line)}\" occurs twice in one object.", error);
        }
        catch (FormatException error)
        {
            throw new DataException($"{path}, line {number}: {error.Message}.", error);
        }
        catch (InvalidOperationException error)
        {
            throw new DataException($"{path}, line {number}: a string is not valid Unicode.", error);
        }
    }

    /// <summary>The field that occurs twice in a line that is JSON otherwise.</summary>
    private static string FindDuplicate(ReadOnlyMemory<byte> line)
    {
        var reader = new Utf8JsonReader(line.Span);
        var names = new Stack<HashSet<string>>();
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject)
                names.Push(new HashSet<string>(StringComparer.Ordinal));
            else if (reader.TokenType == JsonTokenType.EndObject)
                names.Pop();
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.GetString() is { } name && !names.Peek().Add(name))
                return name.Length > MostShown ? name[..MostShown] + "…" : name;
        }
        return "";
    }
}
