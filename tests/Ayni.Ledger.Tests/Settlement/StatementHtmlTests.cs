using System.Xml.Linq;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class StatementHtmlTests
{
    private static readonly XNamespace Html = "http://www.w3.org/1999/xhtml";

    public static TheoryData<string> Languages => [.. StatementLanguage.All.Select(language => language.Code)];

    /// <summary>What a finance department looks for: who, when, of what, how much in which currency, what is paid and what is left.</summary>
    [Theory]
    [MemberData(nameof(Languages))]
    public void It_has_every_field_that_finance_needs(string code)
    {
        var page = Page(Sample("Hostess & Söhne <b>"), code);
        var values = page.Descendants(Html + "bdi").Select(value => value.Value).ToList();
        string[] needed =
        [
            "Hostess & Söhne <b>", "pty_1", "2026-11", "2026-11-01 – 2026-11-30", "2026-11/pty_1", "llama", "app_1", "3", "2026-10", "2",
            "1234577", "10", "5", "1234.5678", "50%", "617.2839", "EUR", "0.001", "617.28", "0.0049",
        ];
        Assert.All(needed, field => Assert.Contains(field, values));
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName == "b");
    }

    [Theory]
    [InlineData("en", "ltr", "Final")]
    [InlineData("ar", "rtl", "نهائي")]
    [InlineData("fa", "rtl", "نهایی")]
    [InlineData("es", "ltr", "Definitiva")]
    public void It_speaks_the_readers_language_in_its_direction(string code, string direction, string final)
    {
        var page = Page(Sample("Hostess"), code);
        Assert.Equal((code, direction), (page.Attribute("lang")!.Value, page.Attribute("dir")!.Value));
        Assert.StartsWith(final, page.Descendants(Html + "p").First().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_word_is_there_in_every_language_and_differs_from_english()
    {
        var texts = typeof(StatementWords).GetProperties()
            .Where(property => property.PropertyType == typeof(string)).ToList();
        Assert.True(texts.Count > 20);
        foreach (var language in StatementLanguage.All)
        {
            Assert.All(texts, text => Assert.NotEqual("", text.GetValue(language.Words)));
            Assert.Equal(Enum.GetValues<Role>().Length, language.Words.Roles.Count);
            if (language != StatementLanguage.English)
                Assert.All(texts, text => Assert.NotEqual(text.GetValue(StatementLanguage.English.Words), text.GetValue(language.Words)));
        }
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void It_is_the_same_in_every_culture(string culture)
    {
        var expected = Sample("Hostess").ToHtml(StatementLanguage.Arabic);
        Cultures.Run(culture, () => Assert.Equal(expected, Sample("Hostess").ToHtml(StatementLanguage.Arabic)));
    }

    [Fact]
    public void Currencies_have_tables_of_their_own_and_one_without_lines_only_its_total()
    {
        var yen = Currency.Parse("JPY");
        var dinar = Currency.Parse("KWD");
        var sample = Sample("Hostess");
        var statement = sample with
        {
            Status = StatementStatus.Estimate,
            Lines = [.. sample.Lines, sample.Lines[0] with { Gross = new(7, yen), Amount = new(3, yen) }],
            Totals =
            [
                sample.Totals[0], new("pty_1", new(0, yen), new(3, yen), new(0, yen), new(3, yen)),
                new("pty_1", new(5, dinar), new(0, dinar), new(0, dinar), new(5, dinar)),
            ],
        };
        var page = Page(statement, "en");
        Assert.Equal(["lines", "lines", "totals"], page.Descendants(Html + "table").Select(table => table.Attribute("class")!.Value));
        Assert.Equal(["EUR", "JPY", "KWD"], page.Descendants(Html + "table").Last().Element(Html + "tbody")!.Elements()
            .Select(row => row.Elements().First().Value));
        Assert.Contains("estimate", page.Descendants(Html + "p").First().Value, StringComparison.Ordinal);
        Assert.Contains("Nothing was earned", (sample with { Lines = [], Totals = [] }).ToHtml(StatementLanguage.English), StringComparison.Ordinal);
    }

    private static XElement Page(Statement statement, string code) =>
        XDocument.Parse(statement.ToHtml(StatementLanguage.Find(code)!)).Root!;

    private static Statement Sample(string name) => new(
        TestLedger.Period, StatementStatus.Final, "pty_1", name, Role.Host,
        [new(Model, "app_1", 3, new(2026, 10), 2, new(1_234_567, 10, 5), Eur("1234.5678"), 500_000, Eur("617.2839"))],
        [new("pty_1", Eur("0.001"), Eur("617.2839"), Eur("617.28"), Eur("0.0049"))]);
}
