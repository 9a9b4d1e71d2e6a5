using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>
/// Writes server-sent events (WHATWG HTML, "Server-sent events"), each flushed as it is written. The response's headers go out with the
/// first event, so until then a failure can still have its own status.
/// </summary>
internal sealed class EventStream(HttpResponse response)
{
    /// <summary>Whether anything was sent.</summary>
    public bool HasStarted => response.HasStarted;

    /// <summary>Sends one JSON value. A client that has gone is no error: its absence is told by the request's own token.</summary>
    public async ValueTask SendAsync<T>(T value, JsonTypeInfo<T> type)
    {
        if (!response.HasStarted)
        {
            response.ContentType = "text/event-stream; charset=utf-8";
            response.Headers.CacheControl = "no-cache";
            // Reverse proxies such as nginx would otherwise hold events back.
            response.Headers["X-Accel-Buffering"] = "no";
        }

        Append("data: "u8);
        using (var writer = new Utf8JsonWriter(response.BodyWriter, ApiJson.WriterOptions))
            JsonSerializer.Serialize(writer, value, type);
        Append("\n\n"u8);
        await response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Sends the event that ends a complete stream.</summary>
    public async ValueTask SendDoneAsync()
    {
        Append("data: [DONE]\n\n"u8);
        await response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(response.BodyWriter.GetSpan(bytes.Length));
        response.BodyWriter.Advance(bytes.Length);
    }
}
