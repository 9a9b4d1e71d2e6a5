using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Receipts;

/// <summary>Writes an enumeration's values as the rest of the JSON views are written, such as <c>data_contributor</c>.</summary>
internal sealed class SnakeCaseEnumConverter<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.SnakeCaseLower)
    where TEnum : struct, Enum;
