using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ayni.Training;

/// <summary>
/// The one way of writing a JSON value, to be hashed and signed: RFC 8785, whose numbers are here whole ones only. Fields stand in the
/// order of their names' UTF-16 units, without spaces; texts escape what they must and nothing else; UTF-8.
/// </summary>
internal static class CanonicalJson
{
    // Beyond it, readers that take numbers as doubles see another one (RFC 8785, appendix D).
    private const long MostInteger = (1L << 53) - 1;

    /// <summary>The bytes of a value.</summary>
    /// <exception cref="ArgumentException">A number is no whole one within ±(2⁵³ - 1).</exception>
    public static byte[] Write(JsonNode? value)
    {
        var output = new ArrayBufferWriter<byte>();
        Write(value, output);
        return output.WrittenSpan.ToArray();
    }

    private static void Write(JsonNode? value, ArrayBufferWriter<byte> output)
    {
        switch (value)
        {
            case null:
                output.Write("null"u8);
                break;
            case JsonObject fields:
                WriteList('{', '}', fields.OrderBy(field => field.Key, StringComparer.Ordinal), output, field =>
                {
                    WriteText(field.Key, output);
                    output.Write(":"u8);
                    Write(field.Value, output);
                });
                break;
            case JsonArray items:
                WriteList('[', ']', items, output, item => Write(item, output));
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String:
                WriteText(scalar.GetValue<string>(), output);
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.Number:
                var number = scalar.ToJsonString();
                if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)
                    || integer is < -MostInteger or > MostInteger)
                    throw new ArgumentException($"{number} is no whole number within ±{MostInteger}.", nameof(value));
                output.Write(Encoding.ASCII.GetBytes(integer.ToString(CultureInfo.InvariantCulture)));
                break;
            default:
                output.Write(Encoding.ASCII.GetBytes(value.ToJsonString()));
                break;
        }
    }

    private static void WriteList<T>(
        char open, char close, IEnumerable<T> items, ArrayBufferWriter<byte> output, Action<T> write)
    {
        output.Write([(byte)open]);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst)
                output.Write(","u8);
            isFirst = false;
            write(item);
        }
        output.Write([(byte)close]);
    }

    private static void WriteText(string text, ArrayBufferWriter<byte> output)
    {
        var escaped = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\b' => escaped.Append("\\b"),
                '\t' => escaped.Append("\\t"),
                '\n' => escaped.Append("\\n"),
                '\f' => escaped.Append("\\f"),
                '\r' => escaped.Append("\\r"),
                < ' ' => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => escaped.Append(character),
            };
        }
        output.Write(Encoding.UTF8.GetBytes(escaped.Append('"').ToString()));
    }
}
