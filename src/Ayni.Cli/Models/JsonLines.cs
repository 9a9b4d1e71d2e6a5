using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ayni.Cli;

/// <summary>Reads and writes one JSON object a line, for scripts.</summary>
internal static class JsonLines
{
    /// <summary>How our JSON is written: readable letters instead of escapes.</summary>
    public static JsonWriterOptions Writing { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Answers each line of standard input that holds an object with one line on standard output. A bad line ends the command with an
    /// error that names the line.
    /// </summary>
    public static void Answer(Action<JsonElement, Utf8JsonWriter> answer, CancellationToken cancellationToken)
    {
        using var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
        using var output = Console.OpenStandardOutput();
        var line = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(line, Writing);
        for (var number = 1; input.ReadLine() is { } text; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (string.IsNullOrWhiteSpace(text))
                continue;
            try
            {
                using var document = JsonDocument.Parse(text);
                writer.WriteStartObject();
                answer(document.RootElement, writer);
                writer.WriteEndObject();
            }
            catch (Exception error) when (error is JsonException or FormatException)
            {
                throw new UsageException($"line {number} of the input: {error.Message}");
            }
            writer.Flush();
            line.Write("\n"u8);
            // A line at once and whole: whoever talks to us line by line waits for it, and a failure leaves no half line.
            output.Write(line.WrittenSpan);
            output.Flush();
            line.ResetWrittenCount();
            writer.Reset();
        }
    }

    /// <summary>A property of an object, or a <see cref="FormatException"/> that names it.</summary>
    public static JsonElement Property(JsonElement element, string name, JsonValueKind kind)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value) || value.ValueKind != kind)
            throw new FormatException($"expected an object with \"{name}\" as {(kind == JsonValueKind.Array ? "an array" : "a string")}.");
        return value;
    }

    /// <summary>A JSON string in which lone surrogate escapes, which the framework refuses, count as U+FFFD.</summary>
    public static string Text(JsonElement element)
    {
        var raw = element.GetRawText().AsSpan()[1..^1];
        if (!raw.Contains('\\'))
            return raw.ToString();
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }
            i++;
            text.Append(raw[i] switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => (char)Convert.ToUInt16(raw.Slice(i + 1, 4).ToString(), 16),
                var literal => literal,
            });
            if (raw[i] == 'u')
                i += 4;
        }
        return text.ToString();
    }
}
