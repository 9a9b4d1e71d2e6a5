using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ayni.Llama;

/// <summary>JSON as Python's <c>json.dumps</c> writes it, which is what Llamas were taught: spaces after commas and colons.</summary>
internal static class ToolJson
{
    /// <summary>Parses JSON; null where it is broken, names a property twice or is deeper than 64 levels.</summary>
    public static JsonElement? TryParse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            // Writing it once finds escapes that are half a surrogate pair, at which reading a text throws.
            Append(new StringBuilder(), document.RootElement);
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Appends a value on one line, characters beyond ASCII escaped.</summary>
    public static StringBuilder Append(StringBuilder text, JsonElement value, int? indent = null, int level = 0)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var properties = value.EnumerateObject().ToArray();
                return AppendGroup(text, '{', '}', properties.Length, indent, level, i =>
                    Append(AppendText(text, properties[i].Name, indent is null).Append(": "), properties[i].Value, indent, level + 1));
            case JsonValueKind.Array:
                var items = value.EnumerateArray().ToArray();
                return AppendGroup(text, '[', ']', items.Length, indent, level, i => Append(text, items[i], indent, level + 1));
            case JsonValueKind.String:
                return AppendText(text, value.GetString()!, indent is null);
            default:
                return text.Append(value.GetRawText());
        }
    }

    /// <summary>Appends a text in quotes.</summary>
    public static StringBuilder AppendText(StringBuilder text, string value, bool escapesNonAscii = true)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                > '~' when escapesNonAscii && c != '\x7F' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }
        return text.Append('"');
    }

    private static StringBuilder AppendGroup(
        StringBuilder text, char open, char close, int count, int? indent, int level, Action<int> append)
    {
        text.Append(open);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                text.Append(indent is null ? ", " : ",");
            AppendLineEnd(level + 1);
            append(i);
        }
        if (count > 0)
            AppendLineEnd(level);
        return text.Append(close);

        void AppendLineEnd(int depth)
        {
            if (indent is { } width)
                text.Append('\n').Append(' ', width * depth);
        }
    }
}
