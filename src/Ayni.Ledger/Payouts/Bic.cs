using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>A bank's identifier (ISO 9362): eight or eleven letters and digits, the fifth and sixth a country.</summary>
[JsonConverter(typeof(BicJsonConverter))]
public sealed record Bic
{
    private Bic(string text) => Text = text;

    /// <summary>Capital letters and digits.</summary>
    public string Text { get; }

    /// <summary>Reads an identifier. Throws <see cref="BankFormatException"/> for anything else.</summary>
    public static Bic Parse(string? text) =>
        TryParse(text, out var bic)
            ? bic
            : throw new BankFormatException(
                $"'{text}' is no BIC; it has 8 or 11 capital letters and digits, the fifth and sixth a country's.");

    /// <summary>Reads what <see cref="Parse"/> reads; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Bic? bic)
    {
        bic = text is { Length: 8 or 11 } && text.All(letter => char.IsAsciiLetterUpper(letter) || char.IsAsciiDigit(letter))
            && char.IsAsciiLetter(text[4]) && char.IsAsciiLetter(text[5])
                ? new(text)
                : null;
        return bic is not null;
    }

    /// <summary>The identifier.</summary>
    public override string ToString() => Text;
}

/// <summary>Writes a bank's identifier as text.</summary>
internal sealed class BicJsonConverter : JsonConverter<Bic>
{
    public override Bic Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, Bic value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}
