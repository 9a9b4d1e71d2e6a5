using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Training.Tests;

public sealed class PersonalDataTests
{
    private const PersonalDataKinds All =
        PersonalDataKinds.Email | PersonalDataKinds.Phone | PersonalDataKinds.Card | PersonalDataKinds.Iban;

    [Theory]
    [InlineData("Write to ana.quispe+llamas@correo.example.pe.", "Write to [email].")]
    [InlineData("<a@b.co>,c_d@e-f.org;", "<[email]>,[email];")]
    [InlineData("no address: a@b, @c.de, a@.de, me@host.1, user@localhost-", "no address: a@b, @c.de, a@.de, me@host.1, user@localhost-")]
    [InlineData("Call +51 1 234-5678 now", "Call [phone] now")]
    [InlineData("(415) 555-2671 or 415.555.2671 or 1-415-555-2671", "[phone] or [phone] or [phone]")]
    [InlineData("Berlin 030 1234567, Paris 01 23 45 67 89", "Berlin [phone], Paris [phone]")]
    [InlineData("On 05.11.2026 10:30, 2026-11-27, 0.123456789, 1,234,567,890 and 3.1415926535", null)]
    [InlineData("3 + 12345678 = 12345681 and 7 - 0 - 3", null)]
    [InlineData("4111 1111 1111 1111 expires 12/27", "[card] expires 12/27")]
    [InlineData("378282246310005, 5555-5555-5555-4444; 4111111111111112 is none", "[card], [card]; 4111111111111112 is none")]
    [InlineData("DE89 3704 0044 0532 0130 00 AND MORE", "[iban] AND MORE")]
    [InlineData("GB82WEST12345698765432 but GB82WEST12345698765433", "[iban] but GB82WEST12345698765433")]
    [InlineData("xDE89370400440532013000 and v4111111111111111", null)]
    public void What_has_the_form_of_personal_data_is_masked(string text, string? expected)
    {
        // Numbers of Visa, American Express, Mastercard, Deutsche Bank and NatWest that their makers publish for tests.
        Assert.Equal(expected ?? text, new PersonalDataMask(All).Apply(text));
    }

    [Fact]
    public void Only_what_was_asked_for_is_masked_and_counted()
    {
        const string Text = "a@b.de +4930123456789 4111111111111111 GB82WEST12345698765432 c@d.es";
        var mask = new PersonalDataMask(PersonalDataKinds.Email | PersonalDataKinds.Iban);
        Assert.Equal("[email] +4930123456789 4111111111111111 [iban] [email]", mask.Apply(Text));
        Assert.Equal(new PersonalDataCounts(Email: 2, Iban: 1), mask.Counts);
        Assert.Equal(new PersonalDataCounts(4, 2, 0, 2), mask.Counts + new PersonalDataCounts(Email: 2, Phone: 2, Iban: 1));
        Assert.Equal(Text, new PersonalDataMask(PersonalDataKinds.None).Apply(Text));
    }

    [Fact]
    public void A_card_is_known_by_its_check_digit() => Prop.ForAll(
        Gen.Choose(0, 9).ArrayOf(14).ToArbitrary(), digits =>
        {
            var body = "4" + string.Concat(digits);
            var right = Enumerable.Range(0, 10).Where(check => new PersonalDataMask(PersonalDataKinds.Card).Apply(body + check) == "[card]");
            return right.Count() == 1;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_takes_long_or_breaks()
    {
        foreach (var part in (string[])["a", "a.", "@", "a@", "0", "1 ", "+1", "(", "DE89", "9-", "é", "\ud83e\udd99"])
        {
            var text = string.Concat(Enumerable.Repeat(part, 200_000));
            Assert.NotEmpty(new PersonalDataMask(All).Apply(text));
        }
        Prop.ForAll<string>(text => text is null || new PersonalDataMask(All).Apply(text) is not null).QuickCheckThrowOnFailure();
    }
}
