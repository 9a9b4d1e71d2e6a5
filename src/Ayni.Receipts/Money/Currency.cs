using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Ayni.Receipts;

/// <summary>A currency of ISO 4217: its code and how many decimals its smallest coin has. One instance a currency; immutable.</summary>
[JsonConverter(typeof(CurrencyJsonConverter))]
public sealed partial class Currency
{
    private static readonly FrozenDictionary<string, Currency> ByCode =
        MinorUnits.SelectMany(row => row.Codes.Split(' ').Select(code => new Currency(code, row.Digits)))
            .ToFrozenDictionary(currency => currency.Code, StringComparer.Ordinal);

    private Currency(string code, int minorDigits)
    {
        Code = code;
        MinorDigits = minorDigits;
    }

    /// <summary>The three capital letters, such as <c>EUR</c>.</summary>
    public string Code { get; }

    /// <summary>Decimals of the minor unit: 0 (JPY), 2 (EUR), 3 (KWD) or 4 (CLF).</summary>
    public int MinorDigits { get; }

    /// <summary>Every currency known, by code.</summary>
    public static IReadOnlyList<Currency> All { get; } = [.. ByCode.Values.OrderBy(currency => currency.Code, StringComparer.Ordinal)];

    /// <summary>
    /// Fake money, the code that ISO 4217 reserves for tests: its receipts are settled with nobody and never meet real ones.
    /// </summary>
    public static Currency Test { get; } = ByCode["XTS"];

    /// <summary>Whether it is fake money.</summary>
    public bool IsTest => this == Test;

    /// <summary>Finds a currency by its exact code. Throws <see cref="UnknownCurrencyException"/> for anything else.</summary>
    public static Currency Parse(string code) => TryParse(code, out var currency) ? currency : throw new UnknownCurrencyException(code);

    /// <summary>Finds a currency by its exact code, capital letters only.</summary>
    public static bool TryParse([NotNullWhen(true)] string? code, [NotNullWhen(true)] out Currency? currency)
    {
        currency = null;
        return code is not null && ByCode.TryGetValue(code, out currency);
    }

    /// <summary>The code.</summary>
    public override string ToString() => Code;
}
