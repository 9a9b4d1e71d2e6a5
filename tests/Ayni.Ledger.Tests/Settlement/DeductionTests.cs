using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class DeductionTests
{
    [Fact]
    public async Task A_deduction_is_recorded_once_and_never_changes()
    {
        await using var ledger = await ReadyAsync();
        var first = await Record("1.50");
        Assert.Equal((TestLedger.Period, TestLedger.Period), (first.Period, first.ServicePeriod));
        Assert.Equal(first, await Record("1.50"));
        await RefusedAsync(Refusal.EvidenceReused, () => Record("1.51"));
        await RefusedAsync(Refusal.InvalidDeduction, () => Record("0"));
        await RefusedAsync(
            Refusal.UnknownApp, () => ledger.Books.RecordDeductionAsync(DeductionType.Tax, "t", TestLedger.Period, Eur("1"), null, "app_none"));
        await RefusedAsync(
            Refusal.InvalidDeduction,
            () => ledger.Books.RecordDeductionAsync(DeductionType.Tax, "t", TestLedger.Period.Next, Eur("1"), null, null));
        await RefusedAsync(
            Refusal.InvalidDeduction, () => ledger.Books.RecordCollectionAsync("c", TestLedger.Period.Next, Model, Eur("1")));
        Assert.Equal([first], ledger.Books.ListDeductions(TestLedger.Period));
        Assert.Single(ledger.Books.ListActions("report-11").Actions);
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("UPDATE deductions SET amount = '0'"));
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("DELETE FROM deductions"));

        Task<Deduction> Record(string amount) => ledger.Books.RecordDeductionAsync(
            DeductionType.PaymentFee, "report-11", TestLedger.Period, Eur(amount), Model);
    }

    [Fact]
    public async Task The_largest_amounts_that_may_be_entered_can_be_closed()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        for (var i = 0; i < 100; i++)
        {
            await ledger.Books.RecordDeductionAsync(
                DeductionType.Other, $"d{i}", TestLedger.Period, Eur($"{Amount.LargestEntered}"), Model);
            await ledger.Books.RecordCollectionAsync($"c{i}", TestLedger.Period, Model, Eur($"{Amount.LargestEntered}"));
        }
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task What_comes_after_the_close_counts_in_the_next_month_and_names_its_own()
    {
        await using var ledger = await ReadyAsync();
        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var late = await ledger.Books.RecordDeductionAsync(DeductionType.Tax, "return-11", TestLedger.Period, Eur("3"));
        Assert.Equal((TestLedger.Period.Next, TestLedger.Period), (late.Period, late.ServicePeriod));
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql(
            "INSERT INTO deductions (type, evidence, period, service_period, currency, amount, recorded) VALUES ('tax', 'x', '2026-11', '2026-11', 'EUR', '1', 0)"));
    }
}
