using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Ayni.Host;

/// <summary>Reads a request's JSON body whole, up to the byte limit, whether or not its length was announced.</summary>
internal static class RequestBody
{
    /// <summary>
    /// How much of a body that is over the limit is read and thrown away, so that a client still sending gets to read the answer instead
    /// of seeing its connection reset.
    /// </summary>
    private const long MaxDiscardedBytes = 64 << 20;

    /// <summary>The body's bytes. Throws <see cref="ApiException"/> for a body too large or not JSON by its type.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, long limitBytes, CancellationToken cancellationToken)
    {
        if (!IsJson(request))
            throw ApiException.WrongContentType();
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
    /// A body without a type is taken for JSON, and so is one with the type that curl and the like give whatever they are told nothing of;
    /// one with another type or character set is refused.
    /// </summary>
    private static bool IsJson(HttpRequest request)
    {
        if (string.IsNullOrEmpty(request.ContentType))
            return true;
        return MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                || type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
                || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
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
