using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

public sealed class BankNumberTests
{
    /// <summary>The registry's own examples (ISO 13616), one of each length of interest.</summary>
    [Theory]
    [InlineData("NO9386011117947")]
    [InlineData("BE68539007547034")]
    [InlineData("DE89370400440532013000")]
    [InlineData("GB29NWBK60161331926819")]
    [InlineData("ES9121000418450200051332")]
    [InlineData("FR1420041010050500013M02606")]
    [InlineData("SA0380000000608010167519")]
    [InlineData("KW81CBKU0000000000001234560101")]
    [InlineData("MT84MALT011000012345MTLCAST001S")]
    [InlineData("GB29 NWBK 6016 1331 9268 19")]
    public void Published_numbers_are_numbers(string text)
    {
        var iban = Iban.Parse(text);
        Assert.Equal(text.Replace(" ", "", StringComparison.Ordinal), iban.Text);
        Assert.Equal(iban, Iban.Parse(iban.ToString()));
    }

    [Theory]
    [InlineData("DE89370400440532013001", "mistyped")]
    [InlineData("DE98370400440532013000", "mistyped")]
    [InlineData("DE8937040044053201300", "22 letters")]
    [InlineData("de89370400440532013000", "no IBAN")]
    [InlineData("US64SVBKUS6S3300958879", "country")]
    [InlineData("DE89-3704-0044-0532-0130-00", "no IBAN")]
    [InlineData("", "no IBAN")]
    [InlineData(null, "at most")]
    public void Others_are_refused_with_the_reason(string? text, string reason) =>
        Assert.Contains(reason, Assert.Throws<BankFormatException>(() => Iban.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void One_mistyped_digit_is_always_found() => Prop.ForAll(
        (from place in Gen.Choose(2, 21) from digit in Gen.Choose('0', '9') select (place, (char)digit)).ToArbitrary(),
        change =>
        {
            const string Good = "DE89370400440532013000";
            var other = string.Concat(Good.AsSpan(0, change.place), [change.Item2], Good.AsSpan(change.place + 1));
            return Iban.TryParse(other, out _) == (other == Good);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_read_or_refused() => Prop.ForAll(
        Gen.Elements("DE", "89", "GB", "٣", " ", "370400440532013000", "a", "\0", "é", "ZZ", "\U0001F600").ListOf().Select(parts => string.Concat(parts))
            .ToArbitrary(),
        text =>
        {
            var isIban = Iban.TryParse(text, out var iban);
            var isBic = Bic.TryParse(text, out var bic);
            return isIban == (iban is not null) && isBic == (bic is not null);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Theory]
    [InlineData("COBADEFF", true)]
    [InlineData("COBADEFFXXX", true)]
    [InlineData("1OBADEFF", true)]
    [InlineData("COBADEF", false)]
    [InlineData("COBAD3FF", false)]
    [InlineData("cobadeff", false)]
    [InlineData("COBADEFFXX", false)]
    public void A_bank_has_eight_or_eleven_letters_with_its_country(string text, bool isOne)
    {
        Assert.Equal(isOne, Bic.TryParse(text, out _));
        if (!isOne)
            Assert.Throws<BankFormatException>(() => Bic.Parse(text));
    }
}
