using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Host;

/// <summary>How every answer becomes JSON: generated at build time, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelDescription))]
[JsonSerializable(typeof(CompletionResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(RecordedUsages))]
[JsonSerializable(typeof(KeptContent))]
[JsonSerializable(typeof(LicenceReport))]
[JsonSerializable(typeof(DocumentToSign))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Text goes out as UTF-8 and not as escapes: the body is JSON, never part of a page.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The same shapes with the null usage written, as OpenAI's streams do in all chunks but the last when usage was asked for.
    /// </summary>
    public static ApiJson WithNullUsage { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    });
}
