using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ayni.Llama;

/// <summary>
/// Writes small JSON files such as <c>config.json</c> as Python's tools do, whose readers tell whole numbers from real ones.
/// </summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A real number: its shortest decimal, with a point or an exponent even where it is whole.</summary>
    public static JsonNode Real(double value) => Number(value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>A real number of single precision.</summary>
    public static JsonNode Real(float value) => Number(value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>Writes a file.</summary>
    public static void Write(string path, JsonObject content) =>
        File.WriteAllText(path, content.ToJsonString(Options) + "\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));

    private static JsonNode Number(string text) => JsonNode.Parse(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text)!;
}
