using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Ayni.Receipts;

/// <summary>
/// An exact amount of money, positive or negative, in units of 10⁻¹² of its currency. Arithmetic is checked: a result of more than
/// 38 digits throws <see cref="OverflowException"/>, and two currencies never mix (<see cref="CurrencyMismatchException"/>).
/// Binary floating point appears nowhere between a price and a payout.
/// </summary>
[JsonConverter(typeof(AmountJsonConverter))]
public readonly record struct Amount : IComparable<Amount>
{
    /// <summary>Decimals of a unit.</summary>
    public const int Decimals = 12;

    /// <summary>
    /// The largest amount that anybody enters, in whole units of a currency; larger ones are slips of the hand. Sums grow far beyond it
    /// before <see cref="Digits"/> are used up.
    /// </summary>
    public const long LargestEntered = 1_000_000_000_000_000;

    /// <summary>Digits of the largest amount, so that it fits <c>numeric(38,12)</c>.</summary>
    public const int Digits = 38;

    private static readonly Int128 Limit = PowerOfTen(Digits);
    private static readonly Int128 One = PowerOfTen(Decimals);

    /// <summary>An amount of so many units of 10⁻¹². Throws <see cref="OverflowException"/> at 10³⁸ units and more.</summary>
    public Amount(Int128 units, Currency currency)
    {
        if (units <= -Limit || units >= Limit)
            throw new OverflowException($"An amount of {currency} exceeds {Digits} digits.");
        Units = units;
        Currency = currency;
    }

    /// <summary>The amount in units of 10⁻¹² of the currency.</summary>
    public Int128 Units { get; }

    /// <summary>The currency.</summary>
    public Currency Currency { get; }

    /// <summary>No money.</summary>
    public static Amount Zero(Currency currency) => new(Int128.Zero, currency);

    /// <summary>-1, 0 or 1.</summary>
    public int Sign => Int128.Sign(Units);

    /// <summary>So many whole units of a currency.</summary>
    internal static Amount Whole(long count, Currency currency) => new(count * One, currency);

    /// <summary>The sum of two amounts of one currency.</summary>
    public static Amount operator +(Amount left, Amount right) => new(checked(left.Units + right.UnitsIn(left.Currency)), left.Currency);

    /// <summary>The difference of two amounts of one currency.</summary>
    public static Amount operator -(Amount left, Amount right) => new(checked(left.Units - right.UnitsIn(left.Currency)), left.Currency);

    /// <summary>The same amount owed the other way.</summary>
    public static Amount operator -(Amount amount) => new(-amount.Units, amount.Currency);

    /// <summary>Compares two amounts of one currency.</summary>
    public static bool operator <(Amount left, Amount right) => left.CompareTo(right) < 0;

    /// <summary>Compares two amounts of one currency.</summary>
    public static bool operator >(Amount left, Amount right) => left.CompareTo(right) > 0;

    /// <summary>Compares two amounts of one currency.</summary>
    public static bool operator <=(Amount left, Amount right) => left.CompareTo(right) <= 0;

    /// <summary>Compares two amounts of one currency.</summary>
    public static bool operator >=(Amount left, Amount right) => left.CompareTo(right) >= 0;

    /// <summary>Compares two amounts of one currency.</summary>
    public int CompareTo(Amount other) => Units.CompareTo(other.UnitsIn(Currency));

    /// <summary>The largest amount of whole minor units (cents) that is not above this one.</summary>
    public Amount FloorToMinorUnit()
    {
        var coin = PowerOfTen(Decimals - Currency.MinorDigits);
        var rest = Units % coin;
        return new(Units - (rest < 0 ? rest + coin : rest), Currency);
    }

    /// <summary>The amount in whole minor units (cents) nearest to this one, halves away from zero: the rounding of commerce.</summary>
    public Amount RoundToMinorUnit()
    {
        var coin = PowerOfTen(Decimals - Currency.MinorDigits);
        var (coins, rest) = Int128.DivRem(Units, coin);
        return new((coins + (Int128.Abs(rest) * 2 >= coin ? Int128.Sign(rest) : 0)) * coin, Currency);
    }

    /// <summary>Whether the amount is whole minor units.</summary>
    public bool IsWholeMinorUnits => Units % PowerOfTen(Decimals - Currency.MinorDigits) == 0;

    /// <summary>So many parts of a million of the amount, rounded to a unit of 10⁻¹², halves away from zero.</summary>
    public Amount PartsPerMillion(int parts)
    {
        const int Million = 1_000_000;
        // Dividing first keeps every product small, whatever the amount.
        var (millions, rest) = Int128.DivRem(Units, Million);
        var (share, left) = Int128.DivRem(rest * parts, Million);
        return new(checked(millions * parts + share) + (Int128.Abs(left) * 2 >= Million ? Int128.Sign(left) : 0), Currency);
    }

    /// <summary>
    /// Reads an exact decimal that somebody entered, such as <c>12.34</c> or <c>-0.000000000001</c>: a minus or nothing, ASCII digits, and
    /// at most <see cref="Decimals"/> decimals after a point. No plus, exponent, blank, group mark or leading zero, and at most
    /// <see cref="LargestEntered"/> on either side of zero. Throws <see cref="AmountFormatException"/>.
    /// </summary>
    public static Amount Parse(string text, Currency currency) =>
        TryParse(text, currency, out var amount) ? amount : throw new AmountFormatException(text);

    /// <summary>Reads what <see cref="Parse"/> reads; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, Currency currency, out Amount amount) =>
        TryParseStored(text, currency, out amount) && Int128.Abs(amount.Units) <= LargestEntered * One;

    /// <summary>Reads an amount that a ledger wrote: like <see cref="Parse"/>, up to the largest sum.</summary>
    internal static Amount ParseStored(string text, Currency currency) =>
        TryParseStored(text, currency, out var amount) ? amount : throw new AmountFormatException(text);

    /// <summary>Reads what <see cref="ParseStored"/> reads; false for anything else.</summary>
    internal static bool TryParseStored([NotNullWhen(true)] string? text, Currency currency, out Amount amount)
    {
        amount = default;
        var digits = text.AsSpan();
        var negative = digits.StartsWith('-');
        if (negative)
            digits = digits[1..];
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? default : digits[(point + 1)..];
        if (whole.Length is 0 or > Digits - Decimals || (point >= 0 && fraction.Length is 0 or > Decimals)
            || (whole.Length > 1 && whole[0] == '0')
            || whole.ContainsAnyExceptInRange('0', '9') || fraction.ContainsAnyExceptInRange('0', '9'))
            return false;
        var units = Int128.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture) * One;
        if (point >= 0)
            units += Int128.Parse(fraction, NumberStyles.None, CultureInfo.InvariantCulture) * PowerOfTen(Decimals - fraction.Length);
        if (negative && units == 0)
            return false;
        amount = new(negative ? -units : units, currency);
        return true;
    }

    /// <summary>
    /// The exact decimal without its currency: all decimals that are not zero, and at least those of the currency's minor unit.
    /// <see cref="Parse"/> reads it back if it is not larger than what may be entered.
    /// </summary>
    public string Format()
    {
        var text = FormatFixed();
        var shortest = text.Length - Decimals + Currency.MinorDigits;
        var end = text.Length;
        while (end > shortest && text[end - 1] == '0')
            end--;
        return text[..(text[end - 1] == '.' ? end - 1 : end)];
    }

    /// <summary>The exact decimal and its currency, such as <c>12.34 EUR</c>.</summary>
    public override string ToString() => Currency is null ? "0" : $"{Format()} {Currency.Code}";

    /// <summary>The form money is stored in: the exact decimal with all twelve decimals, as <c>numeric(38,12)</c> shows it.</summary>
    internal string FormatFixed()
    {
        var (whole, fraction) = Int128.DivRem(Int128.Abs(Units), One);
        return string.Create(CultureInfo.InvariantCulture, $"{(Units < 0 ? "-" : "")}{whole}.{(ulong)fraction:D12}");
    }

    private Int128 UnitsIn(Currency currency) =>
        ReferenceEquals(Currency, currency) ? Units : throw new CurrencyMismatchException(currency, Currency);

    private static Int128 PowerOfTen(int exponent)
    {
        Int128 power = 1;
        for (var i = 0; i < exponent; i++)
            power *= 10;
        return power;
    }
}
