using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>What a month's adjustments, credits and conversions look like on its invoices.</summary>
public sealed class InvoicedAdjustmentsTests
{
    [Fact]
    public async Task Each_is_a_line_and_the_invoice_is_what_the_customer_owes()
    {
        await using var ledger = await ReadyAsync();
        await ledger.Books.SetEntityAsync(new("AYNI", 0, "Ayni Ltd", "", "GB", null, [], 14));
        await ledger.Books.SetPriceAsync(Plans.Read(
            "name: premium\nmodel: llama\ncurrency: EUR\ninput: 1\noutput: 3\nfree: {tokens: 1_000_000}\nfee: 20\n"));
        var (subscriber, prepaid, foreign) = (await ledger.KeyAsync(), await ledger.KeyAsync(), await ledger.KeyAsync("USD"));
        await ledger.Books.StartSubscriptionAsync(subscriber.CustomerId!, "premium");
        await ledger.Books.BuyCreditAsync(prepaid.CustomerId!, Eur("2"), Model);
        await ledger.Books.SetRateAsync(Currency.Parse("EUR"), Amount.Parse("1.0825", Currency.Parse("USD")), "ECB");
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        await ledger.UseAsync(subscriber, 1_100_000, 0, 0); // 0.10 beyond what is included
        await ledger.UseAsync(prepaid, 0, 0, 1_000_000); // 1.50, paid by the credit
        await ledger.UseAsync(foreign, 0, 0, 2_000_000); // 3.00 EUR, 3.2475 USD
        ledger.Clock.Now = TestLedger.Period.End;
        await AdjustmentTests.CloseAsync(ledger, TestLedger.Period);
        var invoices = (await ledger.Books.IssueInvoicesAsync(TestLedger.Period)).Where(invoice => invoice.Kind == InvoiceKind.Invoice)
            .ToDictionary(invoice => invoice.Recipient.Subject);

        Assert.Equal("20.10 EUR: usage 0.10, subscription_fee 20.00", Shown(subscriber));
        // The credit is owed, its use is not.
        Assert.Equal("2.00 EUR: usage 1.50, credit_purchase 2.00, credit_use -1.50", Shown(prepaid));
        // Nothing is left in euro; 3.2475 are 3.25 dollars.
        Assert.Equal("3.25 USD: conversion 3.2475", Shown(foreign));
        Assert.Equal(3, invoices.Count);
        Assert.Empty(ledger.Books.Audit());

        string Shown(ApiKey key)
        {
            var invoice = invoices[key.CustomerId!];
            Assert.Equal(invoice.Total, ledger.Books.UnpaidCharges(key.CustomerId!));
            return $"{invoice.Total}: {string.Join(", ", invoice.Lines.Select(line => $"{line.Kind} {line.Amount.Format()}"))}";
        }
    }
}
