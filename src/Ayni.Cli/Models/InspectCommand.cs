using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ayni.Llama;
using Spectre.Console;

namespace Ayni.Cli;

/// <summary><c>ayni inspect</c>: what is in a model file, without loading its weights.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var model = ModelOption.Model();
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("inspect", "Show a model file's architecture, shapes, types, bytes, tokenizer and chat template.") { model, json };
        command.SetAction(result =>
        {
            using var file = GgufFile.Open(ModelOption.Find(result.GetValue(model)));
            if (result.GetValue(json))
                WriteJson(file);
            else
                WriteTables(file);
            return 0;
        });
        return command;
    }

    private static void WriteJson(GgufFile file)
    {
        using var output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, JsonLines.Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("file", file.Path);
            writer.WriteString("format", $"GGUF v{file.Version}");
            writer.WriteNumber("bytes", file.FileBytes);
            writer.WriteString("architecture", file.Metadata.FindString("general.architecture"));
            writer.WriteString("name", file.Metadata.FindString("general.name"));
            writer.WriteNumber("parameters", ParameterCount(file));
            writer.WriteStartObject("types");
            foreach (var type in TypesOf(file))
                writer.WriteNumber(type.Key, type.Count());
            writer.WriteEndObject();
            WriteTokenizer(writer, file.Metadata);
            writer.WriteStartObject("metadata");
            foreach (var key in file.Metadata.Keys)
                WriteValue(writer, key, file.Metadata.Find(key)!);
            writer.WriteEndObject();
            writer.WriteStartArray("tensors");
            foreach (var tensor in file.Tensors)
            {
                writer.WriteStartObject();
                writer.WriteString("name", tensor.Name);
                writer.WriteString("type", tensor.Type.ToString());
                writer.WriteStartArray("shape");
                foreach (var length in tensor.Dimensions.Reverse())
                    writer.WriteNumberValue(length);
                writer.WriteEndArray();
                writer.WriteNumber("offset", tensor.Offset);
                writer.WriteNumber("bytes", tensor.Bytes);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        output.WriteByte((byte)'\n');
    }

    private static void WriteTokenizer(Utf8JsonWriter writer, GgufMetadata metadata)
    {
        writer.WriteStartObject("tokenizer");
        writer.WriteString("model", metadata.FindString("tokenizer.ggml.model"));
        writer.WriteString("pre", metadata.FindString("tokenizer.ggml.pre"));
        writer.WriteNumber("tokens", metadata.FindArray<string>("tokenizer.ggml.tokens")?.Length ?? 0);
        writer.WriteString("chat_template", metadata.FindString("tokenizer.chat_template"));
        writer.WriteEndObject();
    }

    /// <summary>Numbers, texts and truth values as they are; of an array only its length, since vocabularies have 128 thousand entries.</summary>
    private static void WriteValue(Utf8JsonWriter writer, string key, object value)
    {
        switch (value)
        {
            case string text:
                writer.WriteString(key, text);
                break;
            case bool truth:
                writer.WriteBoolean(key, truth);
                break;
            case Array array:
                writer.WriteString(key, ArrayText(array));
                break;
            case float or double when double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)):
                writer.WriteNumber(key, Convert.ToDouble(value, CultureInfo.InvariantCulture));
                break;
            case float or double:
                writer.WriteString(key, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
            default:
                writer.WriteNumber(key, Convert.ToDecimal(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static void WriteTables(GgufFile file)
    {
        var console = Terminal.Console;
        var summary = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        Row("file", file.Path);
        Row("format", $"GGUF v{file.Version}, {Bytes(file.FileBytes)}");
        Row("parameters", ParameterCount(file).ToString("N0", CultureInfo.InvariantCulture));
        Row("types", string.Join(", ", TypesOf(file).Select(t => $"{t.Key} ({t.Count()} tensors, {Bytes(t.Sum(x => x.Bytes))})")));
        foreach (var key in file.Metadata.Keys)
        {
            var value = file.Metadata.Find(key)!;
            Row(key, value is Array array ? ArrayText(array) : Convert.ToString(value, CultureInfo.InvariantCulture)!);
        }
        console.Write(summary);
        console.WriteLine();

        var tensors = new Table().Border(TableBorder.Simple).AddColumns("tensor", "type", "shape", "bytes");
        tensors.Columns[3].RightAligned();
        foreach (var tensor in file.Tensors)
        {
            tensors.AddRow(
                Markup.Escape(TerminalText.Clean(tensor.Name)),
                tensor.Type.ToString(),
                string.Join(" × ", tensor.Dimensions.Reverse()),
                tensor.Bytes.ToString("N0", CultureInfo.InvariantCulture));
        }
        console.Write(tensors);

        void Row(string name, string value) => summary.AddRow(new Text(TerminalText.Clean(name)), new Text(TerminalText.Clean(value)));
    }

    private static string ArrayText(Array array) => $"{array.Length} × {array.GetType().GetElementType()!.Name}";

    private static IEnumerable<IGrouping<string, GgufTensor>> TypesOf(GgufFile file) =>
        file.Tensors.GroupBy(tensor => tensor.Type.ToString()).OrderByDescending(group => group.Sum(tensor => tensor.Bytes));

    private static long ParameterCount(GgufFile file) => file.Tensors.Sum(tensor => tensor.Dimensions.Aggregate(1L, (a, b) => a * b));

    private static string Bytes(long bytes) => bytes switch
    {
        >= 1 << 30 => $"{bytes / (double)(1 << 30):F2} GiB",
        >= 1 << 20 => $"{bytes / (double)(1 << 20):F2} MiB",
        _ => $"{bytes / 1024.0:F1} KiB",
    };
}
