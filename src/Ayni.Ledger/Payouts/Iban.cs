using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>An international bank account number (ISO 13616): its country's length, and check digits modulo 97.</summary>
[JsonConverter(typeof(IbanJsonConverter))]
public sealed record Iban
{
    private const int Shortest = 15, Longest = 34;

    /// <summary>Lengths by country, as the registry of ISO 13616 says.</summary>
    private static readonly FrozenDictionary<string, int> Lengths = """
        AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18
        FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
        LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24
        SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
        """.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)
        .ToFrozenDictionary(row => row[..2], row => int.Parse(row.AsSpan(2), CultureInfo.InvariantCulture), StringComparer.Ordinal);

    private Iban(string text) => Text = text;

    /// <summary>Capital letters and digits without blanks.</summary>
    public string Text { get; }

    /// <summary>Reads an account number, blanks between its groups allowed. Throws <see cref="BankFormatException"/>.</summary>
    public static Iban Parse(string? text) => TryParse(text, out var iban, out var problem) ? iban : throw new BankFormatException(problem);

    /// <summary>Reads what <see cref="Parse"/> reads; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Iban? iban) => TryParse(text, out iban, out _);

    /// <summary>The number in groups of four, as it is printed.</summary>
    public override string ToString() => string.Join(' ', Text.Chunk(4).Select(group => new string(group)));

    private static bool TryParse(
        [NotNullWhen(true)] string? text, [NotNullWhen(true)] out Iban? iban, [NotNullWhen(false)] out string? problem)
    {
        iban = null;
        if (text is null || text.Length > Longest * 2)
        {
            problem = $"An account number has at most {Longest} letters and digits.";
            return false;
        }
        var compact = text.Replace(" ", "", StringComparison.Ordinal);
        if (compact.Length is < Shortest or > Longest
            || !compact.All(letter => char.IsAsciiLetterUpper(letter) || char.IsAsciiDigit(letter))
            || !Lengths.TryGetValue(compact[..2], out var length))
        {
            problem = $"'{text}' is no IBAN: it begins with the code of a country that has them, then digits and capital letters.";
            return false;
        }
        if (compact.Length != length)
        {
            problem = $"'{text}' is no IBAN: one of {compact[..2]} has {length} letters and digits, not {compact.Length}.";
            return false;
        }
        if (!char.IsAsciiDigit(compact[2]) || !char.IsAsciiDigit(compact[3]) || Remainder(compact) != 1)
        {
            problem = $"'{text}' is no IBAN: its check digits say that something is mistyped.";
            return false;
        }
        iban = new(compact);
        problem = null;
        return true;
    }

    /// <summary>The number with its first four letters last and A as 10, B as 11, …, modulo 97 (ISO 7064).</summary>
    private static int Remainder(string compact)
    {
        var remainder = 0;
        foreach (var letter in compact[4..] + compact[..4])
            remainder = (char.IsAsciiDigit(letter) ? remainder * 10 + (letter - '0') : remainder * 100 + (letter - 'A' + 10)) % 97;
        return remainder;
    }
}

/// <summary>Writes an account number without blanks.</summary>
internal sealed class IbanJsonConverter : JsonConverter<Iban>
{
    public override Iban Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, Iban value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}
