using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// The header by which a receiver knows that the ledger sent a body, and when: <c>Ayni-Signature: t=UNIX_SECONDS,v1=HEX</c>, where HEX is
/// HMAC-SHA-256 (RFC 2104) of <c>UNIX_SECONDS.BODY</c> under the endpoint's secret. A receiver recomputes it and refuses what is older than
/// a few minutes, so that nobody can send it again.
/// </summary>
public static class WebhookSignature
{
    /// <summary>The header's name.</summary>
    public const string Header = "Ayni-Signature";

    private const int LongestHeader = 200;

    /// <summary>The header's value for a body sent at an instant.</summary>
    public static string Sign(string secret, string body, DateTimeOffset at)
    {
        var seconds = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"t={seconds},v1={Convert.ToHexStringLower(Mac(secret, seconds, body))}";
    }

    /// <summary>Whether a header is that of a body, sent no longer ago than the tolerance and no further ahead. In fixed time.</summary>
    public static bool Verify(string secret, string body, string? header, DateTimeOffset now, TimeSpan tolerance)
    {
        if (header is null || header.Length > LongestHeader
            || header.Split(',') is not [['t', '=', .. var seconds], ['v', '1', '=', .. var hex]]
            || !long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            || Int128.Abs((Int128)now.ToUnixTimeSeconds() - at) > (Int128)tolerance.TotalSeconds
            || hex.Length != 2 * SHA256.HashSizeInBytes)
            return false;
        Span<byte> given = stackalloc byte[SHA256.HashSizeInBytes];
        return Convert.FromHexString(hex, given, out _, out _) == System.Buffers.OperationStatus.Done
            && CryptographicOperations.FixedTimeEquals(given, Mac(secret, seconds, body));
    }

    private static byte[] Mac(string secret, string seconds, string body) =>
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{seconds}.{body}"));
}
