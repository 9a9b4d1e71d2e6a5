using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Customers with fake money do all that others do, and nobody earns of it.</summary>
public sealed class TestMoneyTests
{
    [Fact]
    public async Task Fake_money_is_charged_beside_real_money_and_shared_out_to_nobody()
    {
        await using var ledger = await ReadyAsync();
        var real = await ledger.KeyAsync();
        var fake = await ledger.KeyAsync("XTS", ofApp: true);
        Assert.Equal(
            AdmissionRefusalReason.ModelNotPriced, Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(fake, Model)).Reason);
        await ledger.SetPriceAsync("XTS", "1", "1", "1");
        Assert.Equal("EUR", ledger.Books.FindPrice(Model)!.Currency.Code);

        var receipt = await ledger.UseAsync(fake, 1_000_000, 0, 0);
        Assert.Equal(Amount.Parse("1", Currency.Test), receipt.Charge);
        Assert.Equal(Eur("0.5"), (await ledger.UseAsync(real, 1_000_000, 0, 0)).Charge);
        Assert.DoesNotContain(ledger.Books.Settle(TestLedger.Period).Totals, total => total.Currency.IsTest);

        ledger.Clock.Now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);
        var settlement = await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        Assert.DoesNotContain(settlement.Totals, total => total.Currency.IsTest);
        Assert.Equal(Eur("0.5"), settlement.Totals.Aggregate(Eur("0"), (sum, total) => sum + total.Earned));
        Assert.DoesNotContain(ledger.Books.Balances(), balance => balance.Currency.IsTest && balance.Account.Name.StartsWith("party:", StringComparison.Ordinal));
        Assert.Empty(ledger.Books.Audit());

        // Auditors elsewhere run the month again, fake receipts and all.
        var folder = Directory.CreateTempSubdirectory("ayni-bundle-").FullName;
        var bundle = Path.Combine(folder, "november");
        ledger.Books.ExportPeriod(TestLedger.Period, bundle);
        var audited = AuditVerifier.Verify(bundle, ledger.Books.LogKey, null, ledger.Clock.Now);
        Directory.Delete(folder, recursive: true);
        Assert.Contains(audited.Verification.Proven, sentence => sentence.Contains("XTS", StringComparison.Ordinal));

        // The next month goes on, although fake revenue of this one stays where it is.
        await ledger.UseAsync(fake, 10, 0, 0);
        ledger.Clock.Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await ledger.Books.ClosePeriodAsync(TestLedger.Period.Next);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task The_name_of_the_fake_price_is_taken()
    {
        await using var ledger = await ReadyAsync();
        var plan = PricePlan.Parse("p.yaml", "name: test\nmodels: [llama]\ncurrency: EUR\ninput: 1\noutput: 1\n", LedgerZone.Utc).Plan;
        await RefusedAsync(Refusal.InvalidPrice, () => ledger.Books.SetPriceAsync(plan));
    }
}
