namespace Ayni.Ledger.Tests;

public sealed class CurrencyTests
{
    [Theory]
    [InlineData("JPY", 0)]
    [InlineData("EUR", 2)]
    [InlineData("USD", 2)]
    [InlineData("PEN", 2)]
    [InlineData("KWD", 3)]
    [InlineData("CLF", 4)]
    [InlineData("XTS", 2)]
    public void Minor_units_follow_ISO_4217(string code, int digits) => Assert.Equal(digits, Currency.Parse(code).MinorDigits);

    [Theory]
    [InlineData("eur")]
    [InlineData("EURO")]
    [InlineData("")]
    [InlineData("XXX")]
    [InlineData(null)]
    public void Other_codes_are_refused(string? code) => Assert.Throws<UnknownCurrencyException>(() => Currency.Parse(code!));

    [Fact]
    public void Every_code_has_three_capital_letters_and_is_there_once()
    {
        Assert.True(Currency.All.Count > 150);
        Assert.All(Currency.All, currency => Assert.Matches("^[A-Z]{3}$", currency.Code));
        Assert.Equal(Currency.All.Count, Currency.All.Select(currency => currency.Code).Distinct().Count());
    }
}
