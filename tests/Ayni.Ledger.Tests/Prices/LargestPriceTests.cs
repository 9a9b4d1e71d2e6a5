using Ayni.Tests;
using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>At the bounds of prices, rates and counts: whatever is let in can be closed.</summary>
public sealed class LargestPriceTests
{
    private static readonly string[] Plans =
    [
        "input: 1000000000000, output: 1000000000000, request: 1000000000000",
        "input: 0.000001, output: 999999999999.999999999999",
        "output: 1, tiers: {kind: package, metric: input, size: 1000000, price: 1000000000000}, cached: 0",
        "output: 1, tiers: {kind: package, metric: input, size: 1, price: 1000000}, cached: 0",
        "input: 1, output: 1, tiers: {kind: package, metric: requests, size: 1, price: 1000000000000}",
        "output: 1, tiers: {kind: volume, metric: input, steps: [{up_to: 5, rate: 1000000000000}, {rate: 0.000000000001}]}, cached: 1000000000000",
        "input: 1, output: 1, minimum: 1000000000000, adapters: [{name: poet, per_million: 1000000000000, per_request: 1000000000000}]",
    ];

    [Fact]
    public void Whatever_is_let_in_can_be_closed() => Prop.ForAll(
        (from plan in Gen.Elements(Plans)
         from rate in Gen.Elements("0.000000000001", "1", "999999999.999999999999", "1000000000")
         from counts in Gen.Elements(0L, 1L, 999_999L, TokenCounts.Largest).ArrayOf(12)
         select (plan, rate, counts)).ToArbitrary(),
        input => RunAsync(input.plan, input.rate, input.counts).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(12));

    [Theory]
    [InlineData("input", 1, "1000000.000000000001")]
    [InlineData("input", 1, "1000000000000")]
    [InlineData("output", 999_999, "1000000000000")]
    [InlineData("requests", 1, "1000000000000.000000000001")]
    public void A_package_costs_no_more_for_a_unit_than_a_flat_rate_may(string metric, long size, string price)
    {
        var rates = metric == "input" ? "output: 1, cached: 1" : metric == "output" ? "input: 1" : "input: 1, output: 1";
        var error = Assert.Throws<DocumentException>(() => PricePlan.Parse(
            "plan", $"{{model: llama, currency: EUR, {rates}, tiers: {{kind: package, metric: {metric}, size: {size}, price: {price}}}}}", LedgerZone.Utc));
        Assert.Contains("price", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Charges_that_come_to_more_than_anybody_pays_are_refused_when_they_are_posted()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.Books.AgreeAsync(null, [Share.Of(ledger.Host.Id, Share.Whole)]);
        await ledger.SetPriceAsync("EUR", "1000000000000", "0", "1");
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, TokenCounts.Largest, 0, 0);
        var error = await RefusedAsync(Refusal.InvalidSum, () => ledger.UseAsync(key, 1, 0, 0));
        Assert.Contains("1000000000000000 EUR", error.Message, StringComparison.Ordinal);
        // Nothing of it is there, and what costs nothing is recorded as ever.
        await ledger.UseAsync(key, 0, 5, 0);
        Assert.Equal(Eur("1000000000000000"), ledger.Books.UnpaidCharges(key.CustomerId!));
        Assert.Empty(ledger.Books.Audit());
    }

    private static async Task<bool> RunAsync(string text, string rate, long[] counts)
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.Books.AgreeAsync(null, [Share.Of(ledger.Host.Id, 600_000), Share.Of(ledger.Licensor.Id, 400_000)]);
        var (plan, from) = PricePlan.Parse("plan", $"{{model: llama, currency: EUR, {text}}}", LedgerZone.Utc);
        await ledger.Books.SetPriceAsync(plan, from);
        await ledger.Books.SetRateAsync(Currency.Parse("EUR"), Amount.Parse(rate, Currency.Parse("USD")), "a bank");
        ApiKey[] keys = [await ledger.KeyAsync("USD"), await ledger.KeyAsync("USD", ofApp: true), await ledger.KeyAsync()];
        await InvoiceTests.BillAsync(ledger, keys[0].CustomerId!, new Tax("VAT", 999_999));
        for (var i = 0; i < counts.Length; i++)
        {
            try
            {
                await ledger.UseAsync(keys[i % keys.Length], counts[i], counts[(i + 5) % counts.Length], counts[(i + 7) % counts.Length]);
            }
            catch (LedgerRefusedException refused) when (refused.Refusal == Refusal.InvalidSum)
            {
                // Said when it is to be recorded, and not when the month is to be closed.
            }
        }
        await InvoiceTests.IssueAsync(ledger);
        return ledger.Books.StatusOf(TestLedger.Period) == PeriodStatus.Closed && ledger.Books.Audit().Count == 0;
    }
}
