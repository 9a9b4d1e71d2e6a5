namespace Ayni.Ledger.Tests;

public sealed class AuditBundleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-audit-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    [Fact]
    public async Task A_month_is_run_again_from_its_bundle_and_canaries_are_found_in_it()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var (own, ofApp) = (await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true));
        var receipts = new List<Receipt>();
        for (var i = 0; i < 20; i++)
            receipts.Add(await ledger.UseAsync(i % 3 == 0 ? ofApp : own, 1_000 + i, i, 17));
        await ledger.Books.RecordDeductionAsync(DeductionType.PaymentFee, "report 1", TestLedger.Period, TestLedger.Eur("0.01"));
        var late = ledger.Usage(own, 5, 5, 5);
        await PeriodProofTests.CloseAsync(ledger);
        receipts.Add(await ledger.Books.PostAsync(late));
        receipts.Add(await ledger.UseAsync(own, 6, 6, 6));
        await ledger.Books.PublishLogAsync();
        ledger.Books.ExportPeriod(TestLedger.Period, At("november"));
        Assert.Throws<IOException>(() => ledger.Books.ExportPeriod(TestLedger.Period, At("november")));

        var log = LogReader.Of(ledger.Books.LogFolderPath!);
        var audited = AuditVerifier.Verify(At("november"), ledger.Books.LogKey, log, ledger.Clock.Now);
        Assert.Contains(audited.Verification.Proven, sentence => sentence.Contains("run again", StringComparison.Ordinal));
        foreach (var receipt in receipts[..20])
            Assert.NotEmpty(audited.DemandCounted(SignedReceiptTests.Json(ledger.Books, receipt.Id), ledger.Books.LogKey).Proven);
        // What was posted after the close is another month's.
        Assert.Empty(audited.DemandCounted(SignedReceiptTests.Json(ledger.Books, receipts[20].Id), ledger.Books.LogKey).Proven);

        ledger.Clock.Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await ledger.Books.ClosePeriodAsync(TestLedger.Period.Next);
        ledger.Books.ExportPeriod(TestLedger.Period.Next, At("december"));
        var december = AuditVerifier.Verify(At("december"), ledger.Books.LogKey, null, ledger.Clock.Now);
        Assert.NotEmpty(december.DemandCounted(SignedReceiptTests.Json(ledger.Books, receipts[20].Id), ledger.Books.LogKey).Proven);
    }

    [Fact]
    public async Task Erased_customers_stay_in_the_sums()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var (gone, stays) = (await ledger.KeyAsync(), await ledger.KeyAsync());
        await ledger.UseAsync(gone, 1, 1, 1);
        await ledger.UseAsync(stays, 2, 2, 2);
        await PeriodProofTests.CloseAsync(ledger);
        await ledger.Books.RevokeCustomerAsync(gone.CustomerId!);
        await ledger.Books.EraseCustomerSecretAsync(gone.CustomerId!);
        ledger.Books.ExportPeriod(TestLedger.Period, At("bundle"));
        var audited = AuditVerifier.Verify(At("bundle"), ledger.Books.LogKey, null, ledger.Clock.Now);
        Assert.Contains(audited.Verification.NotProven, sentence => sentence.Contains("erased", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_changed_bit_anywhere_is_refused()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 100, 10, 20);
        await PeriodProofTests.CloseAsync(ledger);
        ledger.Books.ExportPeriod(TestLedger.Period, At("bundle"));
        var random = new Random(7);
        foreach (var file in Directory.GetFiles(At("bundle")).Where(file => new FileInfo(file).Length > 0))
        {
            var bytes = File.ReadAllBytes(file);
            for (var i = 0; i < 60; i++)
            {
                var changed = (byte[])bytes.Clone();
                changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(file, changed);
                Assert.ThrowsAny<LedgerException>(() => AuditVerifier.Verify(At("bundle"), ledger.Books.LogKey, null, ledger.Clock.Now));
            }
            File.WriteAllBytes(file, bytes);
        }
        AuditVerifier.Verify(At("bundle"), ledger.Books.LogKey, null, ledger.Clock.Now);
    }
}
