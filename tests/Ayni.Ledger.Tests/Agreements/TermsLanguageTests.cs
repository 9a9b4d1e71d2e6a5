using System.Text.RegularExpressions;
using System.Xml.Linq;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Agreements in every language.</summary>
public sealed partial class TermsLanguageTests
{
    private static readonly XNamespace Html = "http://www.w3.org/1999/xhtml";

    public static TheoryData<string> Languages => [.. StatementLanguage.All.Select(language => language.Code)];

    [Theory]
    [MemberData(nameof(Languages))]
    public void Every_sentence_is_there_with_the_same_places_and_differs_from_english(string code)
    {
        var (words, english) = (StatementLanguage.Find(code)!.Terms, TermsWords.English);
        foreach (var property in typeof(TermsWords).GetProperties().Where(property => property.PropertyType == typeof(string)))
        {
            var (own, theirs) = ((string)property.GetValue(words)!, (string)property.GetValue(english)!);
            Assert.True(Places(own).SequenceEqual(Places(theirs)), $"{code} {property.Name}: {own}");
            // A frame of places alone may be the same.
            if (code != "en" && theirs.Any(char.IsLetter))
                Assert.NotEqual(theirs, own);
        }
        Assert.Equal(Enum.GetValues<DeductionType>().Length, words.Deductions.Distinct().Count());
        Assert.Equal(english.Clauses.Keys.Order(), words.Clauses.Keys.Order());
        foreach (var (clause, says) in words.Clauses)
        {
            Assert.Equal(Places(english.Clauses[clause]), Places(says));
            Assert.True(code == "en" || says != english.Clauses[clause]);
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task An_agreement_with_everything_is_told_in_the_readers_language_and_direction(string code)
    {
        await using var ledger = await WithPartiesAsync();
        var language = StatementLanguage.Find(code)!;
        var store = await ledger.Books.CreatePartyAsync("Bazaar <b>", Role.Store);
        await ledger.Books.CreatePartyAsync("Backer", Role.Backer);
        var description = ledger.Books.Describe(
            "terms.yaml",
            """
            agreement: bard <i>
            model: bard
            currency: EUR
            collector: host
            from: 2026-12
            until: 2027-11
            deductions: [{type: refund}, {type: chargeback}, {type: bad-debt}, {type: tax}, {type: payment-fee, cap: 3%}, {type: store-fee}, {type: other}]
            marketplace_fee: {payee: store, rate: 15%}
            shares:
              - name: royalty
                payee: licensor
                models: [bard, mini]
                adapters: [tender]
                apps: [app_1]
                hosts: [host]
                territories: [PE]
                measure: collected
                tiers: {kind: marginal, steps: [{up_to: "1000", rate: 10%}, {rate: 20%}]}
                fixed: "11"
                floor: "22"
                cap: "3333"
                guarantee: {amount: "50", carry_forward: true}
                advance: {amount: "444", recoup: 80%}
              - {name: apps, payee: developer, base: gross, tiers: {kind: cliff, steps: [{up_to: "9", rate: 1%}, {rate: 5%}]}}
              - {name: data, rate: 2%, pool: {members: [{party: licensor, weight: 7, source: poems}, {party: host, weight: 3}]}}
              - name: backers
                base: remainder
                backers: {recoup: 50%, multiple: 1.5, then: 10%, cap: 2, members: [{party: backer, paid: "300"}]}
            """,
            language);
        var text = description.ToText();
        string[] needed =
        [
            "bard <i>", "EUR", "2026-12", "2027-11", $"Hostess ({ledger.Host.Id})", $"Bazaar <b> ({store.Id})", "15%", "3%", "royalty", "mini",
            "tender", "app_1", "PE", "10%", "1000.00 EUR", "20%", "11.00 EUR", "22.00 EUR", "3333.00 EUR", "50.00 EUR", "444.00 EUR", "80%", "1%",
            "5%", "poems", "7", "50%", "1.5", "2", "300.00 EUR", "lower-rate", "fixed-amount", .. language.Terms.Deductions, language.Terms.WorseTitle,
        ];
        Assert.All(needed, value => Assert.Contains(value, text, StringComparison.Ordinal));
        Assert.DoesNotContain("{", text, StringComparison.Ordinal);
        // Names and numbers are isolated where they would disturb the direction, and every mark is closed.
        Assert.Equal(language.IsRightToLeft, text.Contains('\u2068', StringComparison.Ordinal));
        Assert.Equal(text.Count(letter => letter == '\u2068'), text.Count(letter => letter == '\u2069'));

        var page = XDocument.Parse(description.ToHtml()).Root!;
        Assert.Equal((code, language.IsRightToLeft ? "rtl" : "ltr"), (page.Attribute("lang")!.Value, page.Attribute("dir")!.Value));
        Assert.All(needed, value => Assert.Contains(value, page.Value, StringComparison.Ordinal));
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "b" or "i");
        Assert.Equal(description.Worse.Count, page.Descendants(Html + "li").Count());
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void It_is_the_same_in_every_culture(string culture)
    {
        var standard = StandardTerms.All.Single(standard => standard.Name == "host-pays-backers");
        var expected = Tell();
        Cultures.Run(culture, () => Assert.Equal(expected, Tell()));

        string[] Tell() =>
            [.. StatementLanguage.All.SelectMany(language => new TermsProse(standard.Terms, name => name, language.Terms).Write())];
    }

    private static IEnumerable<string> Places(string format) => Place().Matches(format).Select(match => match.Value).Distinct().Order();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Place();
}
