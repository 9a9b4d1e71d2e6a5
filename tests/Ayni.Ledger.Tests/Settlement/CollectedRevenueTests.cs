using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Months in which a share counts what customers really paid, worked out by hand: 25 % of what is collected.</summary>
public sealed class CollectedRevenueTests
{
    private static readonly DateOnly Day = new(2026, 12, 10);

    [Fact]
    public async Task What_is_paid_of_an_invoice_is_collected_without_its_tax_and_what_the_bank_takes_back_no_more()
    {
        await using var golden = await WithInvoicesAsync();
        var key = await golden.Ledger.KeyAsync();
        await golden.Books.SetBillingAsync(new(key.CustomerId, 0, "Rumi SA", "", "PE", null, [new("VAT", 210_000, false)], 30));
        // November: 800 are charged and nothing is paid: nothing for the owner, 800 for the host.
        await golden.ChargeAsync(key, "800.00");
        await CloseAsync(golden, "0.00", "800.00");

        // December: the invoice says 800 + 21 % = 968. 484, a half, are paid: 400 are collected, 25 % = 100, which the host owes.
        var invoice = Assert.Single(await golden.Books.IssueInvoicesAsync(new(2026, 11)), one => one.Kind == InvoiceKind.Invoice);
        Assert.Equal(Eur("968.00"), invoice.Total);
        await golden.Books.RecordPaymentAsync(key.CustomerId, Eur("484.00"), "bank-1", Day);
        var collected = Assert.Single(golden.Books.ListCollections(golden.Period));
        Assert.Equal((invoice.Number, Model, Eur("400"), "PE"), (collected.EvidenceId, collected.Model, collected.Amount, collected.Of!.Territory));
        await CloseAsync(golden, "100.00", "-100.00");

        // January: the other half, and 100 more are charged: 100 for the owner, 100 - 100 = 0 for the host.
        var second = await golden.Books.RecordPaymentAsync(key.CustomerId, Eur("484.00"), "bank-2", Day);
        await golden.ChargeAsync(key, "100.00");
        await CloseAsync(golden, "100.00", "0.00");

        // February: the bank takes 484 back. 400 less are collected than before: no base, and the lack is carried.
        await golden.Books.IssueInvoicesAsync(new(2027, 1));
        await golden.Books.ReversePaymentAsync(second.Id, "bank-3", Day);
        Assert.Equal(Eur("-400"), Assert.Single(golden.Books.ListCollections(golden.Period)).Amount);
        await CloseAsync(golden, "0.00", "0.00");

        // March: 605 = 484 + 121 pay both invoices: 400 + 100 - 400 carried = 100, 25 % = 25.
        await golden.Books.RecordPaymentAsync(key.CustomerId, Eur("605.00"), "bank-4", Day);
        await CloseAsync(golden, "25.00", "-25.00");
        Assert.Equal(
            ["revenue 500.00", "carried_deductions -400.00", "base 100.00", "rate 25% × 100.00 25.00", "share 25.00"],
            golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // Of 900 that were charged and are paid the owner has 25 % = 225 = 100 + 100 + 0 + 25.
    }

    [Fact]
    public async Task A_credit_note_is_not_taken_off_twice_and_a_bad_debt_was_never_there()
    {
        await using var golden = await WithInvoicesAsync("deductions: [{type: refund}, {type: bad-debt}]");
        var (ofApp, plain) = (await golden.Ledger.KeyAsync(ofApp: true), await golden.Ledger.KeyAsync());
        await golden.ChargeAsync(ofApp, "1000.00");
        await golden.ChargeAsync(plain, "500.00");
        await CloseAsync(golden, "0.00", "1500.00");
        var invoices = await golden.Books.IssueInvoicesAsync(new(2026, 11));
        var (paid, unpaid) = (invoices.Single(one => one.Total == Eur("1000")), invoices.Single(one => one.Total == Eur("500")));
        // December: 1,000 paid, 250. The 500 are given up: they were never collected.
        await golden.Books.RecordPaymentAsync(ofApp.CustomerId, Eur("1000.00"), "bank-1", Day);
        await golden.Books.WriteOffAsync(unpaid.Number, "insolvent");
        await CloseAsync(golden, "250.00", "-250.00");
        Assert.Equal(
            ["revenue 1000.00", "base 1000.00", "rate 25% × 1000.00 250.00", "share 250.00"], golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // January: 400 of the 1,000 are credited, and are the customer's again; 700 more are charged. 400 less are collected, once.
        await golden.Books.CreditInvoiceAsync(paid.Number, [(0, Eur("400"))], "too slow");
        await golden.ChargeAsync(ofApp, "700.00");
        await CloseAsync(golden, "0.00", "300.00");
        Assert.Equal(["revenue -400.00", "base 0.00", "share 0.00"], golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // February: the 400 cover part of the 700, whose invoice is issued: 400 - 400 carried = 0.
        await golden.Books.IssueInvoicesAsync(new(2027, 1));
        await CloseAsync(golden, "0.00", "0.00");
        Assert.Equal(
            ["revenue 400.00", "carried_deductions -400.00", "base 0.00", "share 0.00"], golden.StepsOf(golden.Ledger.Licensor, "royalty"));
        // March: the other 300: 75. In all 1,300 were paid and kept, 25 % = 325 = 250 + 75.
        await golden.Books.RecordPaymentAsync(ofApp.CustomerId, Eur("300.00"), "bank-2", Day);
        await CloseAsync(golden, "75.00", "-75.00");
    }

    [Fact]
    public async Task What_a_credit_pays_is_collected_when_it_is_used_and_its_rest_when_it_expires()
    {
        await using var golden = await WithInvoicesAsync();
        var key = await golden.Ledger.KeyAsync();
        var credit = await golden.Books.BuyCreditAsync(key.CustomerId, Eur("300"), Model, new(2027, 1, 10, 0, 0, 0, TimeSpan.Zero));
        // November: 200 are used of a credit of 300: 200 are collected, 50.
        await golden.ChargeAsync(key, "200.00");
        await CloseAsync(golden, "50.00", "150.00");
        Assert.Equal((credit.Id, Eur("200")), golden.Books.ListCollections(new(2026, 11)).Select(one => (one.EvidenceId, one.Amount)).Single());
        // December: the invoice of 200 + 300 - 200 = 300 is paid; it paid for the credit, and nothing more is collected.
        Assert.Equal(Eur("300"), Assert.Single(await golden.Books.IssueInvoicesAsync(new(2026, 11)), one => one.Kind == InvoiceKind.Invoice).Total);
        await golden.Books.RecordPaymentAsync(key.CustomerId, Eur("300.00"), "bank-1", Day);
        await CloseAsync(golden, "0.00", "0.00");
        // January: 100 are left when it expires: 25.
        await CloseAsync(golden, "25.00", "75.00");
    }

    [Fact]
    public async Task What_is_paid_in_the_customers_currency_is_collected_in_the_prices()
    {
        await using var golden = await WithInvoicesAsync();
        var dollar = Currency.Parse("USD");
        await golden.Books.SetRateAsync(Currency.Parse("EUR"), Amount.Parse("1.0825", dollar), "ECB");
        var key = await golden.Ledger.KeyAsync("USD");
        await golden.ChargeAsync(key, "320.00");
        await CloseAsync(golden, "0.00", "320.00");
        // 320 EUR × 1.0825 = 346.40 USD; a half, 173.20 USD, is 160 EUR: 40.
        var invoice = Assert.Single(await golden.Books.IssueInvoicesAsync(new(2026, 11)), one => one.Kind == InvoiceKind.Invoice);
        await golden.Books.RecordPaymentAsync(key.CustomerId, Amount.Parse("173.20", dollar), "bank-1", Day);
        await CloseAsync(golden, "40.00", "-40.00");
        // January: the half that is not paid is credited, and the host has 160 EUR less; what was paid stays 160.
        await golden.Books.CreditInvoiceAsync(invoice.Number, [(0, Amount.Parse("173.20", dollar))], "slow answers");
        await CloseAsync(golden, "0.00", "-160.00");
    }

    private static async Task<GoldenLedger> WithInvoicesAsync(string more = "")
    {
        var golden = await GoldenLedger.CreateAsync();
        await golden.Books.SetEntityAsync(new("AYNI", 0, "Ayni Hosting GmbH", "", "DE", null, [], 14));
        await golden.AgreeAsync(
            $$"""
            agreement: bard
            currency: EUR
            collector: host
            shares: [{name: royalty, payee: licensor, rate: 25%, measure: collected}]
            {{more}}
            """);
        return golden;
    }

    private static async Task CloseAsync(GoldenLedger golden, string licensor, string host)
    {
        await golden.CloseAsync();
        Assert.Equal((licensor, host), (golden.Earned(golden.Ledger.Licensor), golden.Earned(golden.Ledger.Host)));
    }
}
