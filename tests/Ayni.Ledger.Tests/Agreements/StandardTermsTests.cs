using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class StandardTermsTests
{
    [Fact]
    public void Every_standard_is_an_agreement_that_nothing_is_worse_than()
    {
        Assert.Equal(7, StandardTerms.All.Count);
        Assert.All(StandardTerms.All, standard =>
        {
            Assert.Equal(standard.Name, standard.Terms.Name);
            Assert.StartsWith("# ", standard.Text, StringComparison.Ordinal);
            Assert.NotEmpty(standard.SmallerParties);
            Assert.Empty(StandardTerms.FindWorse(standard.Terms, _ => throw new InvalidOperationException("A standard names roles."), TermsWords.English));
        });
    }

    [Theory]
    [InlineData("host-pays-owner", "rate: 10%", "rate: 12%", "higher-rate")]
    [InlineData("host-pays-owner", "base: net", "base: gross", "wider-base")]
    [InlineData("host-pays-owner", "  - {type: tax}\n", "", "fewer-deductions")]
    [InlineData("host-pays-owner", "{type: tax}", "{type: tax, cap: 5%}", "capped-deduction")]
    [InlineData("host-pays-owner", "rate: 10%", "rate: 10%, fixed: \"5\"", "fixed-amount")]
    [InlineData("host-pays-owner", "rate: 10%", "rate: 10%, floor: \"5\"", "floor")]
    [InlineData("host-pays-owner", "rate: 10%", "rate: 10%, guarantee: {amount: \"5\"}", "guarantee")]
    [InlineData("host-pays-owner", "rate: 10%", "rate: 10%, advance: {amount: \"5\"}", "advance")]
    [InlineData("host-pays-backers", "multiple: 1.2", "multiple: 1.3", "higher-multiple")]
    [InlineData("host-pays-backers", "cap: 2,", "", "no-cap")]
    [InlineData("host-pays-developer", "rate: 20%", "rate: 19%", "lower-rate")]
    [InlineData("host-pays-developer", "rate: 20%", "tiers: {kind: cliff, steps: [{up_to: \"9\", rate: 1%}, {rate: 30%}]}", "lower-rate")]
    [InlineData("host-pays-developer", "{type: payment-fee, cap: 5%}", "{type: payment-fee}", "uncapped-deduction")]
    [InlineData("host-pays-developer", "{type: payment-fee, cap: 5%}", "{type: other}", "more-deductions")]
    [InlineData("host-pays-developer", "rate: 20%", "rate: 20%, cap: \"500\"", "cap")]
    [InlineData("host-pays-developer", "rate: 20%", "rate: 20%, measure: collected", "later-payment")]
    [InlineData("host-pays-developer", "collector: host", "collector: host\nmarketplace_fee: {payee: store, rate: 1%}", "marketplace-fee")]
    [InlineData("host-pays-adapter-author", "rate: 30%", "rate: 30%, guarantee: {amount: \"5\", carry_forward: true}", "recovered-guarantee")]
    [InlineData("host-pays-adapter-author", "rate: 30%", "rate: 30%, advance: {amount: \"5\"}", "whole-recoupment")]
    public void A_clause_worse_for_the_smaller_party_is_flagged_by_name(string name, string from, string to, string clause)
    {
        var standard = StandardTerms.All.Single(standard => standard.Name == name);
        var text = (standard.Text.Contains("currency:", StringComparison.Ordinal) ? "" : "currency: EUR\n")
            + standard.Text.Replace(from, to, StringComparison.Ordinal);
        var worse = Assert.Single(StandardTerms.FindWorse(TermsReader.Read(name, text), _ => Role.Host, TermsWords.English));
        Assert.Equal((clause, name), (worse.Clause, worse.Standard));
    }

    [Fact]
    public void What_is_better_for_the_smaller_party_is_not_flagged()
    {
        var better = """
            agreement: kind
            currency: EUR
            collector: host
            shares: [{name: apps, payee: developer, base: gross, rate: 25%}, {name: royalty, payee: licensor, rate: 5%, cap: "9"}]
            """;
        var worse = StandardTerms.FindWorse(TermsReader.Read("kind", better), _ => Role.Host, TermsWords.English);
        // The host keeps fewer deductions from the owner than the standard gives it; all else is kinder than the standards.
        Assert.All(worse, clause => Assert.Equal(("fewer-deductions", "royalty"), (clause.Clause, clause.Share)));
    }

    [Fact]
    public async Task An_agreement_is_told_in_plain_English()
    {
        await using var ledger = await WithPartiesAsync();
        var store = await ledger.Books.CreatePartyAsync("Bazaar", Role.Store);
        var description = ledger.Books.Describe(
            "terms.yaml",
            """
            agreement: bard
            model: bard
            currency: EUR
            collector: host
            from: 2026-12
            deductions: [{type: refund}, {type: payment-fee, cap: 3%}]
            marketplace_fee: {payee: store, rate: 15%}
            shares:
              - name: royalty
                payee: licensor
                territories: [PE]
                tiers: {kind: marginal, steps: [{up_to: "1000", rate: 10%}, {rate: 20%}]}
                guarantee: {amount: "50", carry_forward: true}
              - {name: apps, payee: developer, base: gross, rate: 5%}
            """);
        Assert.Equal(
            [
                "This is the agreement 'bard' about the model 'bard' and revenue in EUR, from 2026-12 on.",
                $"Hostess ({ledger.Host.Id}) collects the revenue, pays the shares below and keeps the rest.",
                "It is in force only when every party named in it has accepted it.",
                "Net revenue is the revenue less refunds, payment fees (at most 3% of the revenue) and the marketplace's fee. If that is less than "
                + "nothing, the lack is taken off the next month's.",
                $"Bazaar ({store.Id}) takes 15% of the revenue, less refunds and taxes, as the marketplace's fee.",
                $"'royalty': Model owner ({ledger.Licensor.Id}) gets 10% up to 1000.00 EUR and 20% above of a month of the net revenue, each rate for "
                + "the part between its edges, only from customers in PE. 50.00 EUR are guaranteed each month; what is added to reach them comes off "
                + "what later months earn above them.",
                "'apps': the developer of each app gets 5% of the revenue. Each developer's apps are counted by themselves, without what its own "
                + "customers use.",
            ],
            description.Sentences);
        Assert.Contains(description.Worse, clause => clause is { Clause: "lower-rate", Share: "apps", Standard: "host-pays-developer" });
        Assert.Contains(description.Worse, clause => clause is { Clause: "guarantee", Share: "royalty", Standard: "host-pays-owner" });
    }
}
