using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Ayni.Host;

/// <summary>Reads a request's body whole, up to the byte limit, whether or not its length was announced.</summary>
internal static class RequestBody
{
    /// <summary>The media type of most bodies.</summary>
    public const string Json = "application/json";

    /// <summary>
    /// How much of a body that is over the limit is read and thrown away, so that a client still sending gets to read the answer instead
    /// of seeing its connection reset.
    /// </summary>
    private const long MaxDiscardedBytes = 64 << 20;

    /// <summary>The body's bytes. Throws <see cref="ApiException"/> for a body too large or of another type.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        HttpRequest request, long limitBytes, CancellationToken cancellationToken, string mediaType = Json)
    {
        if (!IsOf(request, mediaType))
            throw ApiException.WrongContentType(mediaType);
        if (request.Headers.ContentEncoding.Any(coding => !"identity".Equals(coding?.Trim(), StringComparison.OrdinalIgnoreCase)))
            throw ApiException.WrongContentEncoding();
        if (request.ContentLength > limitBytes)
        {
            await DiscardAsync(request, cancellationToken).ConfigureAwait(false);
            throw ApiException.BodyTooLarge(limitBytes);
        }

        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.Buffer.Length > limitBytes)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                await DiscardAsync(request, cancellationToken).ConfigureAwait(false);
                throw ApiException.BodyTooLarge(limitBytes);
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>
    /// A body without a type is taken for the one asked for, and so is one with the type that curl and the like give whatever they are told
    /// nothing of; one with another type or character set is refused. XML names its own character set.
    /// </summary>
    private static bool IsOf(HttpRequest request, string mediaType)
    {
        if (string.IsNullOrEmpty(request.ContentType))
            return true;
        var isXml = mediaType == "application/xml";
        return MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && (type.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)
                || type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
                || (mediaType == Json && type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
                || (isXml && type.MediaType.Equals("text/xml", StringComparison.OrdinalIgnoreCase)))
            && (isXml || !type.Charset.HasValue
                || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task DiscardAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        // A client that asked first (Expect: 100-continue) has sent nothing, and reading would invite it to.
        if (request.Headers.Expect.Count > 0)
            return;
        for (long discarded = 0; discarded < MaxDiscardedBytes;)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken).ConfigureAwait(false);
            discarded += read.Buffer.Length;
            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }
}
