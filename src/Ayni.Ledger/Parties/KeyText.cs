using System.Security.Cryptography;
using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// What a client presents: <c>ayni_&lt;id&gt;_&lt;secret&gt;</c>, where the id is the key's without its <c>key_</c>. The secret has 256
/// bits, so one round of SHA-256 protects it.
/// </summary>
/// <param name="KeyId">The key's id, <c>key_…</c>.</param>
/// <param name="Secret">52 letters of Crockford's base 32.</param>
internal readonly record struct KeyText(string KeyId, string Secret)
{
    private const string Prefix = "ayni_";
    private const string IdPrefix = "key_";
    private const int LongestId = 32;

    /// <summary>What is stored of the secret.</summary>
    public Digest SecretHash => Digest.Of(Encoding.ASCII.GetBytes(Secret));

    /// <summary>Takes a text apart; null if it has not the form of a key.</summary>
    public static KeyText? Parse(string? text)
    {
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var underscore = text.LastIndexOf('_');
        if (underscore - Prefix.Length is < 1 or > LongestId
            || !Identifiers.AreLetters(text.AsSpan(underscore + 1), Identifiers.SecretLetters))
            return null;
        return new(IdPrefix + text[Prefix.Length..underscore], text[(underscore + 1)..]);
    }

    /// <summary>Whether the secret is the one whose hash is stored, in a time that does not tell how much of it is right.</summary>
    public bool Matches(Digest stored)
    {
        Span<byte> expected = stackalloc byte[Digest.Size];
        Span<byte> found = stackalloc byte[Digest.Size];
        stored.WriteTo(expected);
        SecretHash.WriteTo(found);
        return CryptographicOperations.FixedTimeEquals(expected, found);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Prefix}{KeyId[IdPrefix.Length..]}_{Secret}";
}
