using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>
/// Reads an event from JSON:
/// <code>
/// {"id": "a1", "key": "key_…", "model": "llama", "at": "2026-11-27T09:30:00Z", "prompt": 100, "cached": 20, "generated": 30,
///  "rejected": 0, "outcome": "completed", "model_digest": "64 hexadecimal digits", "adapter": {"name": "poems", "digest": "…"}}
/// </code>
/// Counts that are left out are 0, an outcome is <c>completed</c>; the digest of the model and the adapter may be left out. Fields that
/// are unknown or come twice are refused.
/// </summary>
public static class UsageEventReader
{
    /// <summary>Bytes of the longest line that is read.</summary>
    public const int LongestLine = 64 << 10;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8 };

    /// <summary>Reads a line of JSON. Throws <see cref="UsageEventException"/>.</summary>
    public static UsageEvent ReadLine(ReadOnlyMemory<byte> line)
    {
        if (line.Length > LongestLine)
            throw new UsageEventException("", $"is longer than {LongestLine} bytes");
        try
        {
            using var document = JsonDocument.Parse(line, Strict);
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new UsageEventException("", "is no JSON in UTF-8");
        }
    }

    /// <summary>
    /// Reads an object. Throws <see cref="UsageEventException"/>, and <see cref="InvalidOperationException"/> for text that is no UTF-8.
    /// </summary>
    public static UsageEvent Read(JsonElement element)
    {
        var fields = new Fields(element, "", "id", "key", "model", "at", "prompt", "cached", "generated", "rejected", "outcome", "model_digest", "adapter");
        return new(
            fields.Text("id"), fields.Text("key"), fields.Text("model"), fields.Instant("at"),
            new(fields.Count("prompt"), fields.Count("cached"), fields.Count("generated"), fields.Count("rejected")),
            fields.Find("model_digest") is null ? default : fields.Digest("model_digest"),
            fields.Find("adapter") is { } adapter ? ReadAdapter(new(adapter, "adapter", "name", "digest")) : null,
            fields.Find("outcome") is null ? Outcome.Completed : fields.Text("outcome") switch
            {
                "completed" => Outcome.Completed,
                "cancelled" => Outcome.Cancelled,
                _ => throw new UsageEventException("outcome", "is neither completed nor cancelled"),
            });
    }

    private static AdapterReference ReadAdapter(Fields fields) => new(fields.Text("name"), fields.Digest("digest"));

    /// <summary>The fields of one object.</summary>
    private sealed class Fields
    {
        private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);
        private readonly string _path;

        public Fields(JsonElement element, string path, params ReadOnlySpan<string> known)
        {
            _path = path.Length == 0 ? "" : path + ".";
            if (element.ValueKind != JsonValueKind.Object)
                throw new UsageEventException(path, "must be an object");
            foreach (var property in element.EnumerateObject())
            {
                if (!known.Contains(property.Name))
                    throw new UsageEventException(_path + (property.Name.Length > 40 ? property.Name[..40] : property.Name), "is unknown");
                if (!_values.TryAdd(property.Name, property.Value))
                    throw new UsageEventException(_path + property.Name, "comes twice");
            }
        }

        public JsonElement? Find(string name) =>
            _values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

        public string Text(string name) => Demand(name) is { ValueKind: JsonValueKind.String } text
            ? text.GetString()!
            : throw new UsageEventException(_path + name, "must be text");

        public long Count(string name) => Find(name) is not { } value
            ? 0
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) && count is >= 0 and <= TokenCounts.Largest
                ? count
                : throw new UsageEventException(_path + name, $"must be a whole number from 0 to {TokenCounts.Largest}");

        public Digest Digest(string name)
        {
            var text = Text(name);
            return text.Length == 2 * Receipts.Digest.Size && text.All(char.IsAsciiHexDigit)
                ? Receipts.Digest.Parse(text)
                : throw new UsageEventException(_path + name, $"must have {2 * Receipts.Digest.Size} hexadecimal digits");
        }

        public DateTimeOffset Instant(string name)
        {
            var text = Text(name);
            return CalendarText.TryParseInstant(text, out var instant)
                ? instant
                : throw new UsageEventException(_path + name, "must be an instant with its offset, such as 2026-11-27T09:30:00Z");
        }

        private JsonElement Demand(string name) => Find(name) ?? throw new UsageEventException(_path + name, "is missing");
    }
}

/// <summary>JSON that is no event.</summary>
public sealed class UsageEventException(string field, string problem)
    : LedgerException(field.Length == 0 ? $"The event {problem}." : $"'{field}' {problem}.")
{
    /// <summary>The field at fault; empty if it is the whole.</summary>
    public string Field { get; } = field;

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; } = problem;
}
