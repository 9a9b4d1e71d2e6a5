using System.Buffers;
using System.Security.Cryptography;

namespace Ayni.Ledger;

/// <summary>Makes ids and secrets, in Crockford's base 32 with small letters: no letter that is taken for another, no '_'.</summary>
internal sealed class Identifiers(RandomNumberGenerator random)
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private static readonly SearchValues<char> Letter = SearchValues.Create(Alphabet);

    /// <summary>
    /// Letters of an id after its prefix: 60 random bits, so that among a million of a kind two are equal once in two million ledgers.
    /// </summary>
    private const int IdLetters = 12;

    /// <summary>Letters that hold 48 bits of milliseconds and 80 random bits.</summary>
    private const int TimeLetters = 10, RandomLetters = 16;

    /// <summary>Letters that hold 256 bits.</summary>
    public const int SecretLetters = 52;

    /// <summary>A random id such as <c>cus_7m3kq0x9t2va</c>.</summary>
    public string New(string prefix) => $"{prefix}_{Letters(IdLetters)}";

    /// <summary>A receipt's id, which sorts by the time of admission.</summary>
    public string NewReceipt(DateTimeOffset admittedAt)
    {
        Span<char> time = stackalloc char[TimeLetters];
        var milliseconds = admittedAt.ToUnixTimeMilliseconds();
        for (var i = time.Length - 1; i >= 0; i--, milliseconds >>= 5)
            time[i] = Alphabet[(int)(milliseconds & 31)];
        return $"rcp_{time}{Letters(RandomLetters)}";
    }

    /// <summary>The secret of a key.</summary>
    public string NewSecret() => Letters(SecretLetters);

    /// <summary>Whether a text is some letters of the alphabet.</summary>
    public static bool AreLetters(ReadOnlySpan<char> text, int length) => text.Length == length && !text.ContainsAnyExcept(Letter);

    private string Letters(int count)
    {
        Span<byte> bytes = stackalloc byte[count];
        random.GetBytes(bytes);
        Span<char> letters = stackalloc char[count];
        for (var i = 0; i < count; i++)
            letters[i] = Alphabet[bytes[i] & 31];
        return new(letters);
    }
}
