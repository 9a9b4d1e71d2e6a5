using System.Text;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class TermsTests
{
    private const string Everything =
        """
        agreement: "Bard \"the\" model: été 🙂"
        model: bard
        currency: EUR
        collector: host
        from: 2026-12
        until: 2027-11
        acceptance: required
        deductions:
          - {type: tax}
          - {type: refund, cap: 10%}
        marketplace_fee: {payee: store, rate: 15.5%}
        shares:
          - name: royalty
            payee: licensor
            models: [bard]
            adapters: [tender, stern]
            apps: [app_1]
            territories: [PE, DE]
            base: gross
            measure: collected
            tiers: {kind: cliff, steps: [{up_to: "1000.50", rate: 10%}, {rate: 0.0001%}]}
            fixed: "1"
            floor: "2"
            cap: "3.25"
            guarantee: {amount: "4", carry_forward: true}
            advance: {amount: "5", paid: elsewhere, recoup: 50%}
          - name: apps
            payee: developer
            rate: 5%
          - name: data
            rate: 10%
            pool: {members: [{party: pty_a, weight: 2, source: poems}, {party: pty_b, weight: 1}]}
          - name: backers
            base: remainder
            backers: {recoup: 50%, multiple: 1.5, then: 10%, cap: 2, members: [{party: pty_c, paid: "300"}]}

        """;

    [Fact]
    public void The_canonical_text_says_the_same_and_is_its_own()
    {
        var terms = TermsReader.Read("terms.yaml", Everything);
        var canonical = TermsText.Write(terms);
        var again = TermsReader.Read("canonical", canonical);
        Assert.Equal(canonical, TermsText.Write(again));
        Assert.Equal(terms, again);
        Assert.Equal("Bard \"the\" model: été 🙂", again.Name);
        Assert.Equal([DeductionType.Refund, DeductionType.Tax], again.Deductions.Select(deduction => deduction.Type));
        Assert.Equal(["DE", "PE"], again.Shares[0].Territories.ToArray());
        Assert.Equal((1, 15_000), (again.Shares[0].Tiers[1].PartsPerMillion, again.Shares[3].Backers!.Multiple));
        Assert.Equal(new Advance(Eur("5"), true, 500_000), again.Shares[0].Advance);
    }

    [Fact]
    public void JSON_is_read_as_YAML_is()
    {
        var yaml = TermsReader.Read("a", "agreement: a\ncollector: host\nshares: [{name: s, payee: licensor, rate: 20%}]");
        var json = TermsReader.Read("a", """{"agreement": "a", "collector": "host", "shares": [{"name": "s", "payee": "licensor", "rate": "20%"}]}""");
        Assert.Equal(yaml, json);
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void The_canonical_text_is_the_same_in_every_culture(string culture)
    {
        var expected = TermsText.Write(TermsReader.Read("terms.yaml", Everything));
        Cultures.Run(culture, () => Assert.Equal(expected, TermsText.Write(TermsReader.Read("terms.yaml", Everything))));
    }

    [Theory]
    [InlineData("collector: host", "", 1, "'collector' is missing")]
    [InlineData("currency: EUR", "currency: EURO", 3, "ISO 4217")]
    [InlineData("currency: EUR\n", "", 20, "which currency")]
    [InlineData("until: 2027-11", "until: 2026-11", 6, "before")]
    [InlineData("{type: tax}", "{type: tea}", 9, "none of")]
    [InlineData("{type: tax}", "{type: refund}", 10, "twice")]
    [InlineData("rate: 15.5%", "rate: 15.55555%", 11, "percent")]
    [InlineData("rate: 15.5%", "rate: 101%", 11, "percent")]
    [InlineData("payee: licensor", "payee: developer", 14, "promised to a party")]
    [InlineData("territories: [PE, DE]", "territories: [Peru]", 18, "ISO 3166")]
    [InlineData("kind: cliff, ", "", 21, "'kind' is missing")]
    [InlineData("up_to: \"1000.50\", ", "", 21, "every tier but the last")]
    [InlineData("floor: \"2\"", "floor: \"4\"", 23, "above the cap")]
    [InlineData("floor: \"2\"", "floor: \"-4\"", 23, "amount of EUR")]
    [InlineData("name: apps", "name: royalty", 27, "two shares")]
    [InlineData("rate: 5%", "rate: 95%", 13, "104.225%")]
    [InlineData("weight: 2", "weight: 0", 32, "not from 1")]
    [InlineData("base: remainder", "base: remainder\n    apps: [x]", 34, "remainder is")]
    [InlineData("recoup: 50%, multiple: 1.5", "recoup: 0%, multiple: 1.5", 35, "never recoup")]
    [InlineData("cap: 2,", "cap: 1,", 35, "not below the multiple")]
    [InlineData("multiple: 1.5", "multiple: x", 35, "multiple")]
    [InlineData("name: data", "name: data\n    colour: red", 31, "unknown field")]
    public void What_makes_no_agreement_is_refused_with_its_line(string from, string to, long line, string says)
    {
        var text = Everything.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(Everything, text);
        var error = Assert.Throws<DocumentException>(() => TermsReader.Read("terms.yaml", text));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(line, error.Line);
    }

    [Theory]
    [InlineData("payee: pty_1\n    pool: {members: [{party: a, weight: 1}]}\n    rate: 1%", "one of payee, pool and backers")]
    [InlineData("payee: pty_1", "a rate, tiers or a fixed amount")]
    [InlineData("payee: pty_1\n    rate: 1%\n    tiers: {kind: cliff, steps: [{rate: 1%}]}", "one rate or tiers")]
    [InlineData("rate: 1%\n    pool: {manifest: ../secret, members: [{source: a, party: b}]}", "no files are read here")]
    [InlineData("rate: 1%\n    pool: {members: [{party: developer, weight: 1}]}", "name the party")]
    public void Shares_that_contradict_themselves_are_refused(string share, string says)
    {
        var error = Assert.Throws<DocumentException>(
            () => TermsReader.Read("terms.yaml", $"agreement: a\ncollector: host\nshares:\n  - name: s\n    {share}\n"));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "no provenance manifest")]
    [InlineData("[1", "no provenance manifest")]
    [InlineData("""{"manifest": {"sources": [{"name": "a", "share": "0.500000000000", "contributor_share": "1.000000"}]}}""", "add up to 1")]
    [InlineData("""{"manifest": {"sources": [{"name": "a", "share": "1e0", "contributor_share": "1.000000"}]}}""", "share '1e0'")]
    [InlineData("""{"manifest": {"sources": [{"name": "b", "share": "1.000000000000", "contributor_share": "1.000000"}]}}""", "no source 'a'")]
    public void Manifests_that_share_nothing_out_are_refused(string manifest, string says)
    {
        var error = Assert.Throws<DocumentException>(() => TermsReader.Read(
            "terms.yaml",
            "agreement: a\ncollector: host\nshares:\n  - name: s\n    rate: 1%\n    pool: {manifest: m.json, members: [{source: a, party: b}]}\n",
            _ => Encoding.UTF8.GetBytes(manifest)));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(6, error.Line);
    }

    [Fact]
    public void Any_text_is_terms_or_is_refused_by_name()
    {
        var random = new Random(20261127);
        var words = Everything.Split([' ', '\n', '{', '}', ',', '"'], StringSplitOptions.RemoveEmptyEntries);
        var accepted = 0;
        for (var round = 0; round < 3_000; round++)
        {
            var text = Everything;
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var word = words[random.Next(words.Length)];
                var other = random.Next(4) == 0 ? "-99999999999999999999999999999999999999999999" : words[random.Next(words.Length)];
                var at = text.IndexOf(word, StringComparison.Ordinal);
                if (at >= 0)
                    text = text.Remove(at, word.Length).Insert(at, other);
            }
            try
            {
                var terms = TermsReader.Read("terms.yaml", text, _ => [1, 2, 3]);
                Assert.Equal(terms, TermsReader.Read("canonical", TermsText.Write(terms)));
                accepted++;
            }
            catch (DocumentException error)
            {
                Assert.True(error.Line > 0, $"round {round}: {error.Message}");
            }
        }
        Assert.InRange(accepted, 1, 2_999);
    }
}
