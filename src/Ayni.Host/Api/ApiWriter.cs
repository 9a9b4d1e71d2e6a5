using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>Writes whole JSON answers and errors.</summary>
internal static class ApiWriter
{
    /// <summary>Answers with a JSON value.</summary>
    public static async Task WriteAsync<T>(HttpResponse response, T value, JsonTypeInfo<T> type)
    {
        response.ContentType = "application/json; charset=utf-8";
        using (var writer = new Utf8JsonWriter(response.BodyWriter, ApiJson.WriterOptions))
            JsonSerializer.Serialize(writer, value, type);
        await response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Answers with an error.</summary>
    public static Task WriteErrorAsync(HttpResponse response, ApiException error)
    {
        response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (error.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        return WriteAsync(response, new(error.Error), ApiJson.Default.ErrorResponse);
    }
}
