using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class AmountTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    /// <summary>Units over the whole range, the edges of 64 and 128 bits among them.</summary>
    internal static Gen<Int128> Units =>
        from high in Gen.Choose(-2_000_000_000, 2_000_000_000)
        from middle in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        from shift in Gen.Choose(0, 94)
        select (((Int128)high << 62) | ((Int128)middle << 31) | (Int128)low) >> shift;

    [Fact]
    public void Every_amount_is_read_back_from_its_text() => Prop.ForAll(
        (from units in Units
         from currency in Gen.Elements(Currency.All.AsEnumerable())
         select new Amount(units, currency)).ToArbitrary(),
        amount => Amount.ParseStored(amount.Format(), amount.Currency) == amount && Amount.ParseStored(amount.FormatFixed(), amount.Currency) == amount)
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("EUR", "0", "0.00")]
    [InlineData("EUR", "12.3", "12.30")]
    [InlineData("EUR", "-12.345", "-12.345")]
    [InlineData("EUR", "0.000000000001", "0.000000000001")]
    [InlineData("JPY", "12", "12")]
    [InlineData("JPY", "12.500", "12.5")]
    [InlineData("KWD", "1", "1.000")]
    [InlineData("CLF", "1.5", "1.5000")]
    [InlineData("EUR", "-1000000000000000", "-1000000000000000.00")]
    public void Text_has_the_decimals_that_count_and_those_of_the_coin(string currency, string text, string expected) =>
        Assert.Equal(expected, Amount.Parse(text, Currency.Parse(currency)).Format());

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("01")]
    [InlineData("-0")]
    [InlineData("-0.00")]
    [InlineData("+1")]
    [InlineData("1e3")]
    [InlineData("1,5")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1.2.3")]
    [InlineData("١٢")]
    [InlineData("0x1")]
    [InlineData("NaN")]
    [InlineData("1.0000000000000")]
    [InlineData("1000000000000000.000000000001")]
    [InlineData("-1000000000000001")]
    [InlineData("99999999999999999999999999")]
    [InlineData("100000000000000000000000000")]
    public void Any_other_text_is_refused(string text) => Assert.Throws<AmountFormatException>(() => Amount.Parse(text, Euro));

    [Fact]
    public void Sums_beyond_38_digits_overflow_instead_of_rounding()
    {
        var largest = Amount.ParseStored("99999999999999999999999999.999999999999", Euro);
        Assert.Throws<OverflowException>(() => largest + Eur("0.000000000001"));
        Assert.Throws<OverflowException>(() => -largest - Eur("0.000000000001"));
        Assert.Equal(Amount.Zero(Euro), largest - largest);
    }

    [Fact]
    public void Currencies_never_mix()
    {
        var yen = Amount.Parse("1", Currency.Parse("JPY"));
        Assert.Throws<CurrencyMismatchException>(() => yen + Eur("1"));
        Assert.Throws<CurrencyMismatchException>(() => yen - Eur("1"));
        Assert.Throws<CurrencyMismatchException>(() => yen < Eur("1"));
        Assert.NotEqual(Amount.Zero(Euro), Amount.Zero(yen.Currency));
    }

    [Theory]
    [InlineData("EUR", "12.349999999999", "12.34")]
    [InlineData("EUR", "-0.001", "-0.01")]
    [InlineData("JPY", "12.999", "12")]
    [InlineData("KWD", "1.2349", "1.234")]
    [InlineData("CLF", "1.23459", "1.2345")]
    public void The_floor_is_in_whole_coins(string currency, string text, string expected) =>
        Assert.Equal(Amount.Parse(expected, Currency.Parse(currency)), Amount.Parse(text, Currency.Parse(currency)).FloorToMinorUnit());

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void Text_is_the_same_in_every_culture(string culture) => Cultures.Run(culture, () =>
    {
        Assert.Equal("-1234.5678", Amount.Parse("-1234.5678", Euro).Format());
        Assert.Equal("-1234.567800000000", Amount.Parse("-1234.5678", Euro).FormatFixed());
        Assert.Equal("-1234.5678 EUR", Amount.Parse("-1234.5678", Euro).ToString());
    });
}
