using System.Text;
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
    public async Task A_customer_signs_what_it_was_given_back_and_an_auditor_checks_it()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var (customer, own) = (key.CustomerId, new SigningKey(new byte[32]));
        await ledger.UseAsync(key, 20_000_000, 0, 0);
        var text = Encoding.UTF8.GetBytes(
            ledger.Books.DeductionToSign(customer, DeductionType.Refund, "talk 7", TestLedger.Period, Eur("2.50"), Model));
        Assert.Contains("refund 'talk 7' of 2.50 EUR for 2026-11", PartySigner.DescribeDeduction(text), StringComparison.Ordinal);
        Assert.Throws<ProofException>(() => PartySigner.SignDeduction(text, "cus_other", own));
        var signed = PartySigner.SignDeduction(text, customer, own);
        await RefusedAsync(Refusal.UnknownPartyKey, () => ledger.Books.RecordSignedDeductionAsync(signed));
        await ledger.Books.RegisterPartyKeyAsync(customer, own.ForNotes(customer).ToString());
        foreach (var wrong in new[]
        {
            Replace(signed, "2.50", "25.00"), Replace(signed, "talk 7", "talk 8"),
            PartySigner.SignDeduction(text, customer, new SigningKey([.. new byte[31], 1])),
        })
            await RefusedAsync(Refusal.InvalidSignature, () => ledger.Books.RecordSignedDeductionAsync(wrong));
        Assert.Throws<ProofException>(() => { _ = ledger.Books.RecordSignedDeductionAsync(text); });
        var recorded = await ledger.Books.RecordSignedDeductionAsync(signed);
        Assert.Equal((customer, Eur("2.50")), (recorded.SignedBy!.CustomerId, recorded.Amount));
        Assert.Equal(recorded, await ledger.Books.RecordSignedDeductionAsync(signed));
        Assert.Equal([recorded], ledger.Books.ListDeductions(TestLedger.Period));

        await PeriodProofTests.CloseAsync(ledger);
        await ledger.Books.PublishLogAsync();
        var folder = Path.Combine(ledger.Folder, "bundle");
        ledger.Books.ExportPeriod(TestLedger.Period, folder);
        var verification = AuditVerifier.Verify(
            folder, ledger.Books.LogKey, LogReader.Of(ledger.Books.LogFolderPath!), ledger.Clock.Now).Verification;
        Assert.Contains(verification.Proven, sentence =>
            sentence.StartsWith($"{customer} (sig_", StringComparison.Ordinal) && sentence.Contains("has signed the refund 'talk 7'", StringComparison.Ordinal));
        // Somebody else's key over the same words is not the one that the log has.
        var view = LogView.Read(LogReader.Of(ledger.Books.LogFolderPath!), ledger.Books.LogKey, [], ledger.Clock.Now, ProofChecks.All);
        var stranger = new SigningKey([.. new byte[31], 1]);
        var forged = SignedNote.Parse(PartySigner.SignDeduction(text, customer, stranger)).Signatures[0];
        var claimed = recorded with { SignedBy = new(customer, stranger.ForNotes(customer).ToString(), Convert.ToBase64String(forged.Bytes)) };
        var error = Assert.Throws<ProofException>(() => DeductionNote.Verify(
            claimed, ledger.Books.LogKey.Name, TestLedger.Period, view, new(), ProofChecks.All));
        Assert.Equal(ProofCheck.Evidence, error.Check);
        Assert.Throws<ProofException>(() => DeductionNote.Verify(
            recorded with { SignedBy = new(customer, null!, null!) }, ledger.Books.LogKey.Name, TestLedger.Period, view, new(), ProofChecks.All));

        static byte[] Replace(byte[] note, string from, string to) =>
            Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(note).Replace(from, to, StringComparison.Ordinal));
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
