using System.Text;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>
/// Months under agreements' documents, worked out by hand. Each names the step of the evaluation that it is about; <c>docs/ledger.md</c>
/// has them in one table.
/// </summary>
public sealed class GoldenAgreementTests
{
    [Fact]
    public async Task Refunds_taxes_fees_and_base_where_the_host_pays_the_owner()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: bard
            currency: EUR
            collector: host
            deductions: [{type: refund}, {type: tax}, {type: payment-fee, cap: 3%}]
            shares:
              - {name: royalty, payee: licensor, rate: 20%}
            """);
        await golden.ChargeAsync(await golden.Ledger.KeyAsync(), "10000.00");
        await golden.DeductAsync(DeductionType.Refund, "500.00", Model);
        await golden.DeductAsync(DeductionType.Tax, "1500.00", Model);
        await golden.DeductAsync(DeductionType.PaymentFee, "350.00");
        await golden.CloseAsync();

        // 10,000 - 500 refunds - 1,500 taxes = 8,000. Fees of 350, of which 3 % of 10,000 = 300 come off: base 7,700.
        // 20 % of 7,700 = 1,540 to the owner. The host keeps 10,000 - 1,540 = 8,460; it bears refunds, taxes and fees itself.
        Assert.Equal(
            [
                "revenue 10000.00", "refunds refund -500.00", "taxes tax -1500.00", "fees payment-fee ≤ 3% -300.00", "base 7700.00",
                "rate 20% × 7700.00 1540.00", "share 1540.00",
            ],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        Assert.Equal(
            ["distributable 10000.00", "paid royalty -1540.00"], golden.StepsOf(golden.Ledger.Host, null));
        Assert.Equal(("1540.00", "8460.00"), (golden.Earned(golden.Ledger.Licensor), golden.Earned(golden.Ledger.Host)));

        // December: revenue 100, refunds of 400 for November. 100 - 400 = -300: no base, and 300 are carried.
        await golden.ChargeAsync(await golden.Ledger.KeyAsync(), "100.00");
        await golden.DeductAsync(DeductionType.Refund, "400.00", Model);
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 100.00", "refunds refund -400.00", "base 0.00", "share 0.00"], golden.StepsOf(golden.Ledger.Licensor, "royalty"));

        // January: revenue 1,000 - 300 carried = 700; 20 % = 140.
        await golden.ChargeAsync(await golden.Ledger.KeyAsync(), "1000.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 1000.00", "carried_deductions -300.00", "base 700.00", "rate 20% × 700.00 140.00", "share 140.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
    }

    [Fact]
    public async Task Tiers_where_the_owner_collects_and_grants_the_host_and_developers()
    {
        // The other direction: the owner collects; the host has marginal tiers, each app's developer a cliff.
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: grant
            currency: EUR
            collector: licensor
            shares:
              - name: hosting
                payee: host
                base: gross
                tiers: {kind: marginal, steps: [{up_to: "1000", rate: 60%}, {up_to: "5000", rate: 50%}, {rate: 40%}]}
              - name: apps
                payee: developer
                base: gross
                tiers: {kind: cliff, steps: [{up_to: "1000", rate: 5%}, {rate: 10%}]}
            """);
        var ofApp = await golden.Ledger.KeyAsync(ofApp: true);
        await golden.ChargeAsync(ofApp, "1000.00");
        await golden.ChargeAsync(await golden.Ledger.KeyAsync(), "6000.00");
        await golden.CloseAsync();

        // Host: 1,000 × 60 % + 4,000 × 50 % + 2,000 × 40 % = 600 + 2,000 + 800 = 3,400.
        Assert.Equal(
            [
                "revenue 7000.00", "base 7000.00", "rate 60% × 1000.00 600.00", "rate 50% × 4000.00 2000.00", "rate 40% × 2000.00 800.00",
                "share 3400.00",
            ],
            golden.StepsOf(golden.Ledger.Host, "hosting"));
        // Developer: its app's 1,000 are not above the edge of 1,000: 5 % = 50. Owner: 7,000 - 3,400 - 50 = 3,550.
        Assert.Equal(["revenue 1000.00", "base 1000.00", "rate 5% × 1000.00 50.00", "share 50.00"], golden.StepsOf(golden.Ledger.Developer, "apps"));
        Assert.Equal("3550.00", golden.Earned(golden.Ledger.Licensor));

        // December: one cent more, so the cliff's 10 % are of everything: 1,000.01 × 10 % = 100.001. Host: 600 + 0.01 × 50 % = 600.005.
        // Owner: 1,000.01 - 600.005 - 100.001 = 300.004. In cents 600.00, 100.00 and 300.00; carried 0.005, 0.001 and 0.004.
        await golden.ChargeAsync(ofApp, "1000.01");
        var december = await golden.CloseAsync();
        Assert.Equal(
            ("600.005", "100.001", "300.004"),
            (golden.Earned(golden.Ledger.Host), golden.Earned(golden.Ledger.Developer), golden.Earned(golden.Ledger.Licensor)));
        Assert.Equal(Eur("1000"), december.Totals.Aggregate(Eur("0"), (sum, total) => sum + total.Payable));
        Assert.Equal(Eur("0.01"), december.Totals.Aggregate(Eur("0"), (sum, total) => sum + total.CarryOut));
    }

    [Fact]
    public async Task What_is_free_earns_nobody_anything()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: grant
            collector: licensor
            shares: [{name: apps, payee: developer, rate: 10%}, {name: hosting, payee: host, rate: 50%}]
            """);
        // Input costs nothing: a million tokens of it through the app are on the statement, and come to nothing.
        await golden.Ledger.UseAsync(await golden.Ledger.KeyAsync(ofApp: true), 1_000_000, 0, 0);
        await golden.CloseAsync();
        Assert.Equal(
            ("0.00", "0.00", "0.00"),
            (golden.Earned(golden.Ledger.Developer), golden.Earned(golden.Ledger.Host), golden.Earned(golden.Ledger.Licensor)));
        var line = Assert.Single(golden.Books.Statement(TestLedger.Period, golden.Ledger.Developer.Id).Lines);
        Assert.Equal((1, 1_000_000, Eur("0")), (line.Receipts, line.Counts.Prompt, line.Gross));
    }

    [Fact]
    public async Task What_a_developer_uses_itself_earns_it_nothing()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: grant
            collector: licensor
            shares: [{name: apps, payee: developer, rate: 10%}, {name: hosting, payee: host, rate: 50%}]
            """);
        var (own, other) = (await golden.Ledger.KeyAsync(ofApp: true), await golden.Ledger.KeyAsync(ofApp: true));
        await golden.Books.SetCustomerOwnerAsync(own.CustomerId, golden.Ledger.Developer.Id);
        await golden.ChargeAsync(own, "300.00");
        await golden.ChargeAsync(other, "100.00");
        await golden.CloseAsync();

        // Of 400, 300 are the developer's own customer's: 10 % of 100 = 10. Host 50 % of 400 = 200, owner 400 - 210 = 190.
        Assert.Equal(
            ("10.00", "200.00", "190.00"),
            (golden.Earned(golden.Ledger.Developer), golden.Earned(golden.Ledger.Host), golden.Earned(golden.Ledger.Licensor)));
    }

    [Fact]
    public async Task Fixed_amount_floor_and_cap()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: bard
            currency: EUR
            collector: host
            shares: [{name: royalty, payee: licensor, rate: 10%, fixed: "25", floor: "100", cap: "400"}]
            """);
        // November: 500 × 10 % + 25 = 75, raised to 100.
        var key = await golden.Ledger.KeyAsync();
        await golden.ChargeAsync(key, "500.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 500.00", "base 500.00", "rate 10% × 500.00 50.00", "fixed 25.00", "floor 100.00 25.00", "share 100.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // December: 5,000 × 10 % + 25 = 525, cut off at 400; the host keeps 4,600.
        await golden.ChargeAsync(key, "5000.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 5000.00", "base 5000.00", "rate 10% × 5000.00 500.00", "fixed 25.00", "cap 400.00 -125.00", "share 400.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // January: no revenue, so no floor, but the fixed 25 are due: the host owes them, -25.
        await golden.CloseAsync();
        Assert.Equal(["revenue 0.00", "base 0.00", "fixed 25.00", "share 25.00"], golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        Assert.Equal("-25.00", golden.Earned(golden.Ledger.Host));
    }

    [Fact]
    public async Task Minimum_guarantee_that_is_carried_forward()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: bard
            currency: EUR
            collector: host
            shares: [{name: royalty, payee: licensor, rate: 20%, guarantee: {amount: "1000", carry_forward: true}}]
            """);
        var key = await golden.Ledger.KeyAsync();
        // November: 20 % of 3,500 = 700; 300 are added.
        await golden.ChargeAsync(key, "3500.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 3500.00", "base 3500.00", "rate 20% × 3500.00 700.00", "guarantee 1000.00 300.00", "share 1000.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // December: 20 % of 6,000 = 1,200; of the 200 above the guarantee all 200 go back, 100 stay to be recovered.
        await golden.ChargeAsync(key, "6000.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 6000.00", "base 6000.00", "rate 20% × 6000.00 1200.00", "guarantee_recovered 1000.00 -200.00", "share 1000.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // January: 20 % of 7,500 = 1,500; the last 100 go back: 1,400. In three months 700 + 1,200 + 1,500 = 3,400 were earned and paid.
        await golden.ChargeAsync(key, "7500.00");
        await golden.CloseAsync();
        Assert.Equal("1400.00", golden.Earned(golden.Ledger.Licensor));
        // February: nobody asks anything; the guarantee is due all the same, and the host owes it.
        await golden.CloseAsync();
        Assert.Equal(("1000.00", "-1000.00"), (golden.Earned(golden.Ledger.Licensor), golden.Earned(golden.Ledger.Host)));
    }

    [Fact]
    public async Task Advance_that_is_recouped()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: bard
            currency: EUR
            collector: host
            shares: [{name: royalty, payee: licensor, rate: 50%, advance: {amount: "1000", recoup: 80%}}]
            """);
        var key = await golden.Ledger.KeyAsync();
        // November: 50 % of 1,000 = 500; 80 % of it, 400, go to the advance, of which 1,000 are paid: 500 - 400 + 1,000 = 1,100.
        await golden.ChargeAsync(key, "1000.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 1000.00", "base 1000.00", "rate 50% × 1000.00 500.00", "recoupment 1000.00 -400.00", "advance 1000.00", "share 1100.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        Assert.Equal("-100.00", golden.Earned(golden.Ledger.Host));
        // December: 50 % of 1,000 = 500; 600 are left to recoup, 80 % of 500 = 400 go to it: 100.
        await golden.ChargeAsync(key, "1000.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 1000.00", "base 1000.00", "rate 50% × 1000.00 500.00", "recoupment 600.00 -400.00", "share 100.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // January: the last 200 of 500 go: 300. 1,100 + 100 + 300 = 1,500 were paid and 3 × 500 earned.
        await golden.ChargeAsync(key, "1000.00");
        await golden.CloseAsync();
        Assert.Equal("300.00", golden.Earned(golden.Ledger.Licensor));
        // The host: 1,000 - 1,100, 1,000 - 100, 1,000 - 300; the hundred it owed in November came off December's.
        Assert.Equal("700.00", golden.Earned(golden.Ledger.Host));
    }

    [Fact]
    public async Task Marketplace_fee_and_a_waterfall_for_backers()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        var store = await golden.Books.CreatePartyAsync("Store", Role.Store);
        var (ada, ben) = (await golden.Books.CreatePartyAsync("Ada", Role.Backer), await golden.Books.CreatePartyAsync("Ben", Role.Backer));
        await golden.AgreeAsync(
            $$"""
            agreement: funded
            currency: EUR
            collector: host
            marketplace_fee: {payee: store, rate: 15%}
            shares:
              - {name: royalty, payee: licensor, rate: 20%}
              - name: backers
                base: remainder
                backers:
                  recoup: 50%
                  multiple: 1.5
                  then: 10%
                  cap: 2
                  members: [{party: {{ada.Id}}, paid: "300"}, {party: {{ben.Id}}, paid: "100"}]
            """);
        var key = await golden.Ledger.KeyAsync();
        // November: the store has 15 % of 1,000 = 150; net 850; the owner 20 % of it = 170; 680 are left.
        // The backers paid 400 and are due 600 first: 50 % of 680 = 340, of which Ada has three quarters, 255, and Ben 85.
        await golden.ChargeAsync(key, "1000.00");
        await golden.CloseAsync();
        Assert.Equal(
            [
                "revenue 1000.00", "fees marketplace-fee 15% -150.00", "paid royalty -170.00", "base 680.00", "rate 50% × 680.00 340.00",
                "share 340.00", "part 300.00/400.00 255.00",
            ],
            golden.StepsOf(ada, "backers"));
        Assert.Equal(
            ("150.00", "170.00", "85.00", "340.00"),
            (golden.Earned(store), golden.Earned(golden.Ledger.Licensor), golden.Earned(ben), golden.Earned(golden.Ledger.Host)));
        // December: 680 again. 600 - 340 = 260 are missing, for which 520 of 680 are taken at 50 %; of the other 160 they have 10 % = 16.
        await golden.ChargeAsync(key, "1000.00");
        await golden.CloseAsync();
        Assert.Equal(
            [
                "revenue 1000.00", "fees marketplace-fee 15% -150.00", "paid royalty -170.00", "base 680.00", "rate 50% × 520.00 260.00",
                "rate 10% × 160.00 16.00", "share 276.00", "part 100.00/400.00 69.00",
            ],
            golden.StepsOf(ben, "backers"));
        // January: 10,000, of which 1,500 go to the store, 1,700 to the owner; 10 % of 6,800 = 680. They had 616 of at most 2 × 400 = 800.
        await golden.ChargeAsync(key, "10000.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["rate 10% × 6800.00 680.00", "cap 2 × 400.00 -496.00", "share 184.00", "part 300.00/400.00 138.00"],
            golden.StepsOf(ada, "backers")[^4..]);
    }

    [Fact]
    public async Task A_pool_of_data_contributors_by_their_manifest()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        var poet = await golden.Books.CreatePartyAsync("Poet", Role.DataContributor);
        var writer = await golden.Books.CreatePartyAsync("Letter writer", Role.DataContributor);
        // Poems made two thirds of the training and their poet keeps all of that; letters made a third, of which the writer has 60 %.
        var manifest = Encoding.UTF8.GetBytes(
            """
            {"manifest": {"sources": [
              {"name": "poems", "share": "0.666666666667", "contributor_share": "1.000000"},
              {"name": "letters", "share": "0.333333333333", "contributor_share": "0.600000"}]}}
            """);
        await golden.AgreeAsync(
            $$"""
            agreement: bard
            collector: host
            shares:
              - name: data
                rate: 10%
                pool:
                  manifest: provenance.json
                  members: [{source: poems, party: {{poet.Id}}}, {source: letters, party: {{writer.Id}}}]
            """,
            path => path == "provenance.json" ? manifest : throw new FileNotFoundException(path));
        await golden.ChargeAsync(await golden.Ledger.KeyAsync(), "1000.01");
        await golden.CloseAsync();

        // 10 % of 1,000.01 = 100.001. Weights of 10¹⁸: poems 666,666,666,667 × 10⁶, letters 333,333,333,333 × 600,000, the rest,
        // 333,333,333,333 × 400,000 = 0.1333333333332 × 10¹⁸, is the collector's.
        // Poet 100.001 × 0.666666666667 = 66.667333333366 (...66.667), writer 100.001 × 0.1999999999998 = 20.000199999980 (...79.9998),
        // host 100.001 × 0.1333333333332 = 13.333466666653 (...53.3332). Cut off they come to ...998 units of ...1000: the poet's
        // ...366.667 and the writer's ...979.9998 lost most.
        Assert.Equal("66.667333333367", golden.Earned(poet));
        Assert.Equal("20.00019999998", golden.Earned(writer));
        // The host also keeps 1,000.01 - 100.001 = 900.009.
        Assert.Equal("913.342466666653", golden.Earned(golden.Ledger.Host));
        Assert.Equal("part 666666666667000000/1000000000000000000 66.667333333367", golden.StepsOf(poet, "data")[^1]);
    }

    [Fact]
    public async Task A_late_receipt_corrects_the_tiers_of_its_own_month()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: bard
            currency: EUR
            collector: host
            shares:
              - name: royalty
                payee: licensor
                cap: "300"
                tiers: {kind: cliff, steps: [{up_to: "1000", rate: 10%}, {rate: 20%}]}
            """);
        var key = await golden.Ledger.KeyAsync();
        await golden.ChargeAsync(key, "900.00");
        golden.Ledger.Clock.Now = golden.Period.End.AddMinutes(-1);
        var late = golden.Ledger.Usage(key, 0, 0, 20_000);
        await golden.CloseAsync();
        Assert.Equal("90.00", golden.Earned(golden.Ledger.Licensor));

        // December: 200 of November come late. November's base becomes 1,100, over the edge: 20 % = 220, less the 90 paid = 130.
        // December itself has 500: 10 % = 50. Together 180; the host has 700 - 180 = 520.
        await golden.Books.PostAsync(late);
        await golden.ChargeAsync(key, "500.00");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 500.00", "base 500.00", "rate 10% × 500.00 50.00", "correction 2026-11 130.00", "share 180.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        Assert.Equal("520.00", golden.Earned(golden.Ledger.Host));
    }

    [Fact]
    public async Task Revenue_that_counts_when_it_is_collected()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: bard
            currency: EUR
            collector: host
            shares: [{name: royalty, payee: licensor, rate: 25%, measure: collected}]
            """);
        await golden.ChargeAsync(await golden.Ledger.KeyAsync(), "800.00");
        // November: 800 charged, 300 paid: 25 % of 300 = 75.
        await golden.Books.RecordCollectionAsync("payment-1", golden.Period, Model, Eur("300"));
        await golden.CloseAsync();
        Assert.Equal(("75.00", "725.00"), (golden.Earned(golden.Ledger.Licensor), golden.Earned(golden.Ledger.Host)));
        // December: nothing charged, the other 500 paid: 125, which the host owes of what it kept.
        await golden.Books.RecordCollectionAsync("payment-2", golden.Period, Model, Eur("500"));
        await golden.CloseAsync();
        Assert.Equal(("125.00", "-125.00"), (golden.Earned(golden.Ledger.Licensor), golden.Earned(golden.Ledger.Host)));
    }

    [Fact]
    public async Task A_credit_note_leaves_less_to_share_of_what_it_is_about()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        await golden.AgreeAsync(
            """
            agreement: bard
            currency: EUR
            collector: host
            deductions: [{type: refund}]
            shares: [{name: royalty, payee: licensor, rate: 20%}, {name: apps, payee: developer, rate: 10%}]
            """);
        await golden.Books.SetEntityAsync(new("AYNI", 0, "Ayni Hosting GmbH", "", "DE", null, [], 14));
        var (ofApp, plain) = (await golden.Ledger.KeyAsync(ofApp: true), await golden.Ledger.KeyAsync());
        await golden.ChargeAsync(ofApp, "1000.00");
        await golden.ChargeAsync(plain, "500.00");
        var november = golden.Period;
        await golden.CloseAsync();
        var invoice = (await golden.Books.IssueInvoicesAsync(november)).Single(one => one.Recipient.Subject == ofApp.CustomerId);

        // December: 400 more through the app and 600 without; November's 1,000 through the app are credited.
        // There are 1,000 - 1,000 = 0 to share. The owner: 1,000 - 1,000 = 0, nothing. The developer: 400 - 1,000 = -600, nothing, and 600
        // are carried to its next month. The host keeps 0.
        await golden.ChargeAsync(ofApp, "400.00");
        await golden.ChargeAsync(plain, "600.00");
        await golden.Books.CreditInvoiceAsync(invoice.Number, "not what was asked for");
        await golden.CloseAsync();
        Assert.Equal(
            ["revenue 400.00", "refunds refund -1000.00", "base 0.00", "share 0.00"], golden.StepsOf(golden.Ledger.Developer, "apps"));
        Assert.Equal(
            ["revenue 1000.00", "refunds refund -1000.00", "base 0.00", "share 0.00"], golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        Assert.Equal(["distributable 0.00"], golden.StepsOf(golden.Ledger.Host, null)[..1]);
        var line = golden.Books.Statement(november.Next, golden.Ledger.Host.Id).Lines.Single(line => line.AppId is not null);
        Assert.Equal((Eur("400"), Eur("1000")), (line.Gross, line.Returned));

        // January: 700 through the app: the owner 140; the developer 10 % of 700 - 600 = 10; the host 700 - 150 = 550.
        await golden.ChargeAsync(ofApp, "700.00");
        await golden.CloseAsync();
        Assert.Equal(
            ("140.00", "10.00", "550.00"),
            (golden.Earned(golden.Ledger.Licensor), golden.Earned(golden.Ledger.Developer), golden.Earned(golden.Ledger.Host)));
    }

    [Fact]
    public async Task By_the_host_that_served()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        var (lima, cusco) = (await golden.Books.CreatePartyAsync("Lima", Role.Host), await golden.Books.CreatePartyAsync("Cusco", Role.Host));
        await golden.Books.SetPriceAsync(Plans.Read("model: llama\ncurrency: EUR\ninput: 0\noutput: 10000\nminimum: 150"));
        await golden.AgreeAsync(
            $$"""
            agreement: hosting
            collector: licensor
            shares:
              - {name: lima, payee: {{lima.Id}}, hosts: [{{lima.Id}}], rate: 50%}
              - {name: cusco, payee: {{cusco.Id}}, hosts: [{{cusco.Id}}], rate: 40%}
              - {name: own, payee: {{golden.Ledger.Host.Id}}, hosts: [{{golden.Ledger.Host.Id}}], rate: 30%}
            """);
        // What came before anybody said whose the machines are is no host's.
        var key = await golden.Ledger.KeyAsync();
        await golden.ChargeAsync(key, "10.00");
        golden.Ledger.Clock.Now += TimeSpan.FromHours(1);
        await golden.Books.SetOwnHostAsync(golden.Ledger.Host.Id);
        await golden.ChargeAsync(key, "200.00");
        var other = await golden.Ledger.KeyAsync();
        await ReportAsync(lima, other, 6_000);
        await ReportAsync(cusco, other, 4_000);
        await golden.CloseAsync();

        // The other customer's 60 + 40 = 100 are raised to 150: 30 more are Lima's and 20 Cusco's. Lima 90 × 50 % = 45, Cusco 60 × 40 % =
        // 24, the own machines 200 × 30 % = 60; the owner 360 - 129 = 231.
        Assert.Equal(
            ("45.00", "24.00", "60.00", "231.00"),
            (golden.Earned(lima), golden.Earned(cusco), golden.Earned(golden.Ledger.Host), golden.Earned(golden.Ledger.Licensor)));
        var line = Assert.Single(golden.Books.Statement(TestLedger.Period, lima.Id).Lines);
        Assert.Equal((lima.Id, Eur("90")), (line.HostId, line.Gross));
        await RefusedAsync(Refusal.NotAHost, () => golden.Books.SetOwnHostAsync(golden.Ledger.Licensor.Id));
        await RefusedAsync(Refusal.NotAHost, () => golden.Books.IssueKeyAsync(KeyRole.Meter, "m", golden.Ledger.Licensor.Id));

        async Task ReportAsync(Party host, ApiKey customers, long cents)
        {
            var meter = await golden.Books.IssueKeyAsync(KeyRole.Meter, "engine", host.Id);
            await golden.Books.AllowMeterAsync(meter.Key.Id, customers.Id);
            var used = UsageRecorderTests.Event(customers, host.Id, golden.Ledger.Clock.Now) with { Counts = new(0, 0, cents) };
            Assert.True(Assert.Single(await golden.Books.RecordAsync(meter.Key.Id, [used])).IsNew);
        }
    }

    [Fact]
    public async Task By_territory_adapter_and_app()
    {
        await using var golden = await GoldenLedger.CreateAsync();
        var (inPeru, elsewhere) = (await golden.Ledger.KeyAsync(), await golden.Ledger.KeyAsync(ofApp: true));
        await golden.Books.SetBillingAsync(new(inPeru.CustomerId, 0, "Rumi SA", "", "PE", null, [], 14));
        await golden.AgreeAsync(
            $$"""
            agreement: bard
            collector: host
            shares:
              - {name: andes, payee: licensor, territories: [BO, PE], rate: 40%}
              - {name: letters, payee: developer, apps: [{{golden.Ledger.App.Id}}], rate: 25%}
              - {name: tender, payee: licensor, adapters: [tender], rate: 5%}
            """);
        await golden.ChargeAsync(inPeru, "100.00");
        await golden.ChargeAsync(elsewhere, "200.00");
        await golden.Books.PostAsync(golden.Ledger.Usage(elsewhere, 0, 0, 3_000) with { Adapter = new("tender", Digest.Of("tender"u8)) });
        await golden.CloseAsync();

        // Peru: 100 × 40 % = 40. The app: 230 × 25 % = 57.50. The adapter: 30 × 5 % = 1.50. The host: 330 - 99 = 231.
        Assert.Equal(
            ("41.50", "57.50", "231.00"),
            (golden.Earned(golden.Ledger.Licensor), golden.Earned(golden.Ledger.Developer), golden.Earned(golden.Ledger.Host)));
        // Each sees its own lines, and what they open to adds up to them.
        var statement = golden.Books.Statement(TestLedger.Period, golden.Ledger.Licensor.Id);
        Assert.Equal([(null, "PE"), ("tender", null)], statement.Lines.Select(line => (line.Adapter, line.Territory)).Order());
        var opened = new Dictionary<int, Amount>();
        golden.Books.OpenStatement(
            TestLedger.Period, golden.Ledger.Licensor.Id,
            (line, receipt) => opened[line] = opened.GetValueOrDefault(line, Eur("0")) + receipt.Charge);
        Assert.Equal(statement.Lines.Select(line => line.Gross), opened.OrderBy(pair => pair.Key).Select(pair => pair.Value));
    }
}
