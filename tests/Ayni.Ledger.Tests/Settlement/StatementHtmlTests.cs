using System.Xml.Linq;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class StatementHtmlTests
{
    private static readonly XNamespace Html = "http://www.w3.org/1999/xhtml";

    public static TheoryData<string> Languages => [.. StatementLanguage.All.Select(language => language.Code)];

    /// <summary>
    /// What a finance department looks for: who, when, of what, how much in which currency, what is paid and what is left.
    /// </summary>
    [Theory]
    [MemberData(nameof(Languages))]
    public void It_has_every_field_that_finance_needs(string code)
    {
        var page = Page(Sample("Hostess & Söhne <b>"), code);
        var values = page.Descendants(Html + "bdi").Select(value => value.Value).ToList();
        string[] needed =
        [
            "Hostess & Söhne <b>", "pty_1", "2026-11", "2026-11-01 – 2026-11-30 (UTC)", "2026-11/pty_1", "llama", "app_1", "3", "2026-10", "2",
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

    [Theory]
    [MemberData(nameof(Languages))]
    public void A_share_of_a_document_is_told_step_by_step(string code)
    {
        var words = StatementLanguage.Find(code)!.Words;
        var statement = Sampled("<Hostess>");
        var page = Page(statement, code);
        Assert.Equal(["lines", "steps", "steps", "totals"], page.Descendants(Html + "table").Select(table => table.Attribute("class")!.Value));
        var values = page.Descendants(Html + "bdi").Select(value => value.Value).ToList();
        string[] needed =
        [
            .. words.Steps, "Hostess SA", "ES-1", "Calle 1", "ES", "=bard <i>", "royalty <i>", "tender", "pty_lima", "PE", "12.50", "7", "20% × 1000.00",
            "2026-10", "pty_2", "-1000.00", "0.000000000001",
        ];
        Assert.All(needed, field => Assert.Contains(field, values));
        Assert.Contains(page.Descendants(Html + "h2"), heading => heading.Value.Contains(words.Rest, StringComparison.Ordinal));
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName == "i");

        var csv = statement.ToCsv();
        Assert.Contains("'=bard <i>,royalty <i>,guarantee_recovered,", csv, StringComparison.Ordinal);
        Assert.All(csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries), row => Assert.Equal(csv.AsSpan().IndexOf("\r\n") is var end
            ? csv[..end].Count(letter => letter == ',') : 0, row.Count(letter => letter == ',')));
    }

    [Fact]
    public void Every_step_has_a_name_of_its_own_in_every_language()
    {
        foreach (var language in StatementLanguage.All)
        {
            Assert.Equal(Enum.GetValues<StepKind>().Length, language.Words.Steps.Count);
            Assert.Equal(language.Words.Steps.Count, language.Words.Steps.Distinct().Count());
            if (language != StatementLanguage.English)
                Assert.Empty(language.Words.Steps.Intersect(StatementLanguage.English.Words.Steps));
        }
        Assert.Equal(Enum.GetValues<StepKind>().Length, Enum.GetValues<StepKind>().Select(kind => kind.Name()).Distinct().Count());
    }

    /// <summary>A statement with everything that one may say, each step once.</summary>
    internal static Statement Sampled(string name)
    {
        var details = new Dictionary<StepKind, string> { [StepKind.Rate] = "20% × 1000.00", [StepKind.Correction] = "2026-10", [StepKind.Paid] = "pty_2" };
        var steps = Enum.GetValues<StepKind>().Select(kind => new EvaluationStep(
            kind, details.GetValueOrDefault(kind), kind == StepKind.Rounding ? new(1, Currency.Parse("EUR")) : Eur("-1000"), Eur("123.45")));
        var sample = Sample(name);
        return sample with
        {
            LegalName = "Hostess SA",
            TaxId = "ES-1",
            Address = "Calle 1",
            Country = "ES",
            Lines = [sample.Lines[0] with { Adapter = "tender", HostId = "pty_lima", Territory = "PE", Returned = Eur("12.5"), PartsPerMillion = null, Amount = null }],
            Shares = [new("=bard <i>", 7, "royalty <i>", [.. steps], Eur("617.2839")), new("=bard <i>", 7, null, [], Eur("0"))],
        };
    }

    private static XElement Page(Statement statement, string code) =>
        XDocument.Parse(statement.ToHtml(StatementLanguage.Find(code)!)).Root!;

    private static Statement Sample(string name) => new(
        TestLedger.Period, StatementStatus.Final, "pty_1", name, Role.Host,
        [new(Model, "app_1", 3, new(2026, 10), 2, new(1_234_567, 10, 5), Eur("1234.5678"), 500_000, Eur("617.2839"))],
        [new("pty_1", Eur("0.001"), Eur("617.2839"), Eur("617.28"), Eur("0.0049"))]);
}
