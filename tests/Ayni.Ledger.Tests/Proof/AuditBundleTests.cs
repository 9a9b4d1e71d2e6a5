using Ayni.Tests;

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
        var alone = AuditVerifier.Verify(At("december"), ledger.Books.LogKey, null, ledger.Clock.Now);
        Assert.Contains(alone.Verification.NotProven, sentence => sentence.Contains("name its bundle first", StringComparison.Ordinal));
        var december = AuditVerifier.Verify(At("december"), ledger.Books.LogKey, null, ledger.Clock.Now, audited);
        Assert.Contains("2026-12 goes on where 2026-11 ended: keys' numbers, and what parties and shares carry.", december.Verification.Proven);
        Assert.NotEmpty(december.DemandCounted(SignedReceiptTests.Json(ledger.Books, receipts[20].Id), ledger.Books.LogKey).Proven);
        foreach (var receipt in receipts)
            Assert.NotEmpty(AuditedPeriod.DemandCounted(
                [audited, december], SignedReceiptTests.Json(ledger.Books, receipt.Id), ledger.Books.LogKey).Proven);
    }

    [Fact]
    public async Task Erased_customers_stay_in_the_sums()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var (gone, stays) = (await ledger.KeyAsync(), await ledger.KeyAsync());
        var receipt = await ledger.UseAsync(gone, 1, 1, 1);
        await ledger.UseAsync(stays, 2, 2, 2);
        await ledger.UseAsync(gone, 3, 1, 1);
        var json = SignedReceiptTests.Json(ledger.Books, receipt.Id);
        await PeriodProofTests.CloseAsync(ledger);
        await ledger.Books.RevokeCustomerAsync(gone.CustomerId!);
        await ledger.Books.EraseCustomerSecretAsync(gone.CustomerId!);
        ledger.Books.ExportPeriod(TestLedger.Period, At("bundle"));
        var audited = AuditVerifier.Verify(At("bundle"), ledger.Books.LogKey, null, ledger.Clock.Now);
        Assert.Contains(
            "Of which models, apps and agreements 2 receipts of erased customers are, 0.0000052 EUR in all: nobody can open them any more.",
            audited.Verification.NotProven);
        Assert.Contains("That 1 customers were erased, whose items can't be opened: give the log with --log.", audited.Verification.NotProven);
        Assert.NotEmpty(audited.DemandCounted(json, ledger.Books.LogKey).Proven);
        await ledger.Books.PublishLogAsync();
        var log = LogReader.Of(ledger.Books.LogFolderPath!);
        Assert.Contains(
            "The log holds that 1 customers were erased, whose items alone can't be opened.",
            AuditVerifier.Verify(At("bundle"), ledger.Books.LogKey, log, ledger.Clock.Now).Verification.Proven);
        var shown = File.ReadAllBytes(Path.Combine(At("bundle"), AuditBundle.LeavesFile));
        Assert.DoesNotContain(receipt.RequestId, System.Text.Encoding.Latin1.GetString(shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_line_of_a_statement_opens_to_its_receipts_commitments()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var (own, ofApp) = (await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true));
        var receipts = new List<Receipt>();
        for (var i = 0; i < 10; i++)
            receipts.Add(await ledger.UseAsync(i % 3 == 0 ? ofApp : own, 1_000 + i, i, 17));
        Assert.All(ledger.Books.ListStatementReceipts(TestLedger.Period, ledger.Licensor.Id, 0, 100).Receipts, item => Assert.Null(item.Commitment));
        await PeriodProofTests.CloseAsync(ledger);
        var opened = new List<OpenedReceipt>();
        for (long? after = 0; after is { } from;)
        {
            var page = ledger.Books.ListStatementReceipts(TestLedger.Period, ledger.Licensor.Id, from, 3);
            opened.AddRange(page.Receipts);
            after = page.Next;
        }
        Assert.Equal(receipts.Select(receipt => receipt.Id), opened.Select(item => item.Id));
        foreach (var line in ledger.Books.Statement(TestLedger.Period, ledger.Licensor.Id).Lines.Index())
            Assert.Equal(
                line.Item.Gross,
                opened.Where(item => item.Line == line.Index + 1).Aggregate(TestLedger.Eur("0"), (sum, item) => sum + item.Charge));
        foreach (var (receipt, item) in receipts.Zip(opened))
        {
            var sum = SumProof.Decode(ledger.Books.FindSignedReceipt(receipt.Id)!.Proof!.Period!.Sum);
            Assert.Equal(SumLeaf.Commit(sum.Salt, ReceiptFormat.Encode(receipt)), item.Commitment);
        }
        Assert.Equal(4, ledger.Books.ListStatementReceipts(TestLedger.Period, ledger.Developer.Id, 0, 100).Receipts.Count);
    }

    [Fact]
    public async Task An_erased_secret_is_nowhere_in_the_ledgers_files()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var gone = await ledger.KeyAsync();
        for (var i = 0; i < 150; i++)
            await ledger.Books.CreateCustomerAsync("Customer", Currency.Parse("EUR"));
        await ledger.UseAsync(gone, 1, 1, 1);
        await PeriodProofTests.CloseAsync(ledger);
        var secret = (byte[])ledger.Sql($"SELECT secret FROM customer_secrets WHERE customer = '{gone.CustomerId}'")!;
        var others = ledger.Sql("SELECT count(secret) FROM customer_secrets");
        Assert.NotEqual(0, Found());
        await ledger.Books.RevokeCustomerAsync(gone.CustomerId!);
        await ledger.Books.EraseCustomerSecretAsync(gone.CustomerId!);
        Assert.Equal(0, File.Exists(ledger.Path) ? Found() : 0);
        Assert.Equal((long)others! - 1, ledger.Sql("SELECT count(secret) FROM customer_secrets"));

        // A server's files are not ours to read.
        int Found() => !File.Exists(ledger.Path) ? 1 : Directory.GetFiles(Path.GetDirectoryName(ledger.Path)!, Path.GetFileName(ledger.Path) + "*")
            .Count(file => ReadShared(file).AsSpan().IndexOf(secret) >= 0);
    }

    private static byte[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    [Theory]
    [InlineData("America/Lima")]
    [InlineData("Africa/Nairobi")]
    public async Task Months_of_a_zone_are_run_again_with_their_owners_countries_and_plans(string zone)
    {
        await using var ledger = await TestLedger.WithPartiesAsync();
        await ledger.Books.SetZoneAsync(zone);
        await ledger.Books.SetOwnHostAsync(ledger.Host.Id);
        await ledger.SetPriceAsync("EUR", "0.50", "0.10", "1.50");
        await ledger.Books.AgreeAsync(
            null, [Share.Of(Role.Licensor, 300_000), Share.Of(Role.Host, 500_000), Share.Of(Role.Developer, 200_000)]);
        var (own, ofApp) = (await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true));
        await ledger.UseAsync(own, 1_000_000, 0, 10);
        await ledger.UseAsync(ofApp, 2_000_000, 0, 10);
        ledger.Clock.Now = ledger.Clock.Now.AddMinutes(1);
        await ledger.Books.SetCustomerOwnerAsync(ofApp.CustomerId!, ledger.Developer.Id);
        await ledger.UseAsync(ofApp, 3_000_000, 0, 10);
        ledger.Clock.Now = new(2026, 12, 2, 0, 0, 0, TimeSpan.Zero);
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        ledger.Books.ExportPeriod(TestLedger.Period, At("bundle"));
        var audited = AuditVerifier.Verify(At("bundle"), ledger.Books.LogKey, null, ledger.Clock.Now);
        Assert.Contains(
            audited.Verification.NotProven,
            sentence => sentence.Contains($"{ledger.App.Id} of {ledger.Developer.Id}", StringComparison.Ordinal));
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
