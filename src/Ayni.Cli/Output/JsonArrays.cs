using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Cli;

/// <summary>Writes arrays item by item, so that a long one needs no memory.</summary>
internal static class JsonArrays
{
    public static void WriteArray<T>(this Utf8JsonWriter writer, IEnumerable<T> items, JsonTypeInfo<T> type)
    {
        writer.WriteStartArray();
        foreach (var item in items)
        {
            JsonSerializer.Serialize(writer, item, type);
            writer.Flush();
        }
        writer.WriteEndArray();
    }
}
