using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ayni.Ledger;
using Ayni.Llama;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ayni.Host;

/// <summary>
/// One request with the header <c>Idempotency-Key</c> (IETF draft-ietf-httpapi-idempotency-key-header): by it the client consents to its
/// answer being kept for a day. The answer is encrypted with AES-256-GCM; its key comes by HKDF-SHA256 from the API key that the client
/// presents, which the ledger only has a hash of. Used by one request.
/// </summary>
internal sealed class IdempotentCall
{
    private const string HeaderName = "Idempotency-Key";
    private const int LongestName = 255;
    private const int NonceSize = 12, TagSize = 16;

    private readonly byte[] _secret;
    private readonly List<KeptPart> _parts = [];
    private readonly long _created;
    private readonly string _fingerprint;
    private long _characters;

    private IdempotentCall(IdempotentRequest request, byte[] secret, long created, string fingerprint)
    {
        Request = request;
        _secret = secret;
        _created = created;
        _fingerprint = fingerprint;
    }

    /// <summary>The request as the ledger knows it.</summary>
    public IdempotentRequest Request { get; }

    /// <summary>Whether the answer is recorded, so that it may not be given up any more.</summary>
    public bool IsPosted { get; set; }

    /// <summary>
    /// Names a request by its header; null where there is none. Throws <see cref="ApiException"/> (400) for a name that is none.
    /// </summary>
    public static IdempotentCall? Of(HttpContext context, ApiKey key, ReadOnlySpan<byte> body, long created, string fingerprint)
    {
        var header = context.Request.Headers[HeaderName];
        if (header.Count == 0)
            return null;
        var name = header.Count == 1 ? header[0] : null;
        if (name is not { Length: >= 1 and <= LongestName } || name.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw ApiException.BadField(HeaderName, $"must be given once, with 1 to {LongestName} visible ASCII characters.");
        // The key alone and the route as it is stated: whatever else a header or path may be spelled like, it is the same request.
        var presented = Encoding.ASCII.GetBytes(KeyAuthentication.TextOf(context.Request));
        var route = ((RouteEndpoint)context.GetEndpoint()!).RoutePattern.RawText!;
        var bodyHash = Digest.FromBytes(HMACSHA256.HashData(Derive(presented, "ayni/idempotency/body/v1"), body));
        var request = new IdempotentRequest(
            key.CustomerId, key.Id, Digest.Of(Encoding.ASCII.GetBytes(name)), route, bodyHash);
        return new(request, Derive(presented, "ayni/idempotency/answer/v1"), created, fingerprint);
    }

    /// <summary>Keeps a part of the answer, in the order in which it was made.</summary>
    public void Note(int index, string text)
    {
        _characters += text.Length;
        if (text.Length > 0 && _characters <= IdempotentRequest.LongestAnswer)
            _parts.Add(new(index, text));
    }

    /// <summary>The answer to be kept with its receipt.</summary>
    public KeptAnswer Seal(string requestId, IReadOnlyList<GenerationResult> results, bool timedOut, bool clientLeft)
    {
        var content = new KeptContent(
            _created, _fingerprint, timedOut, clientLeft, [.. _parts],
            [.. results.Select(result => new KeptResult(
                result.Reason, result.Usage.Prompt, result.Usage.Cached, result.Usage.Generated, result.Usage.Rejected))]);
        var plain = JsonSerializer.SerializeToUtf8Bytes(content, ApiJson.Default.KeptContent);
        if (_characters > IdempotentRequest.LongestAnswer || plain.Length > IdempotentRequest.LongestAnswer)
            return new(Request, null);
        var box = new byte[NonceSize + TagSize + plain.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceSize));
        using var cipher = new AesGcm(_secret, TagSize);
        cipher.Encrypt(
            box.AsSpan(0, NonceSize), plain, box.AsSpan(NonceSize + TagSize), box.AsSpan(NonceSize, TagSize), Encoding.UTF8.GetBytes(requestId));
        return new(Request, box);
    }

    /// <summary>Opens a kept answer. Throws <see cref="CryptographicException"/> if it is not what was sealed for this request.</summary>
    public KeptContent Open(string requestId, byte[] box)
    {
        if (box.Length < NonceSize + TagSize)
            throw new CryptographicException("A kept answer was cut.");
        var plain = new byte[box.Length - NonceSize - TagSize];
        using var cipher = new AesGcm(_secret, TagSize);
        cipher.Decrypt(
            box.AsSpan(0, NonceSize), box.AsSpan(NonceSize + TagSize), box.AsSpan(NonceSize, TagSize), plain, Encoding.UTF8.GetBytes(requestId));
        return JsonSerializer.Deserialize(plain, ApiJson.Default.KeptContent)!;
    }

    private static byte[] Derive(byte[] presented, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, presented, 32, info: Encoding.ASCII.GetBytes(purpose));
}

/// <summary>An answer as it is kept.</summary>
/// <param name="Created">When it was made, in seconds since 1970.</param>
/// <param name="Fingerprint">Which weights made it.</param>
/// <param name="TimedOut">Whether its deadline cut it short.</param>
/// <param name="ClientLeft">Whether its client had left.</param>
/// <param name="Parts">Its texts, in the order in which they were made.</param>
/// <param name="Results">How each answer ended.</param>
internal sealed record KeptContent(
    long Created, string Fingerprint, bool TimedOut, bool ClientLeft, KeptPart[] Parts, KeptResult[] Results)
{
    /// <summary>The results, whose times nobody knows any more.</summary>
    public MeteredResult ToMetered(Receipt receipt) => new(
        [.. Results.Select(result => new GenerationResult(
            result.Reason, new(result.Prompt, result.Cached, result.Generated, result.Rejected), TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero))],
        receipt, TimedOut, ClientLeft);
}

/// <summary>Some text of one of the answers.</summary>
internal sealed record KeptPart(int Index, string Text);

/// <summary>How one of the answers ended.</summary>
internal sealed record KeptResult(FinishReason Reason, int Prompt, int Cached, int Generated, int Rejected);
