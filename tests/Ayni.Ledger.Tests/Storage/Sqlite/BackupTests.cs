using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class BackupTests
{
    [Fact]
    public async Task A_backup_made_while_receipts_are_posted_can_take_the_ledgers_place()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var before = await ledger.UseAsync(key, 1, 2, 3);
        var copy = ledger.AnotherPlace();
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        var posting = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
                await ledger.UseAsync(key, i, 0, 0);
        });
        ledger.Books.BackUp(copy);
        await posting;
        Assert.Equal([copy], Directory.GetFiles(Path.GetDirectoryName(copy)!));
        await RefusedAsync(Refusal.FileExists, () => Task.Run(() => ledger.Books.BackUp(copy)));

        var after = ledger.Usage(key, 1, 1, 1);

        // Restored: the hosts have ended, the copy stands where the ledger was.
        await ledger.Books.DisposeAsync();
        File.Copy(copy, ledger.Path, overwrite: true);
        File.Delete(ledger.Path + "-wal");
        File.Delete(ledger.Path + "-shm");
        await using var restored = Books.Open(ledger.Path, ledger.Clock);
        Assert.Equal(before, restored.FindReceipt(before.Id));
        Assert.Empty(restored.Audit());
        var receipts = restored.ListReceipts(new(Limit: 1000)).Receipts;
        PostingTests.AssertChain(receipts, receipts.Count);
        Assert.Equal(receipts.Count + 1, (await restored.PostAsync(after)).KeyNumber);
    }

    [Fact]
    public async Task A_restored_ledger_publishes_nothing_until_its_log_is_put_away_and_lost_receipts_are_evidence()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        await ledger.Books.PublishLogAsync();
        var copy = ledger.AnotherPlace();
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        ledger.Books.BackUp(copy);
        var lost = await ledger.UseAsync(key, 2, 2, 2);
        await ledger.Books.PublishLogAsync();
        var (proof, after) = (SignedReceiptTests.Json(ledger.Books, lost.Id), ledger.Usage(key, 3, 3, 3));
        await ledger.Books.DisposeAsync();
        File.Copy(copy, ledger.Path, overwrite: true);
        File.Delete(ledger.Path + "-wal");
        File.Delete(ledger.Path + "-shm");

        await using var restored = Books.Open(ledger.Path, ledger.Clock, folder: ledger.Folder);
        Assert.Contains(
            "restored from an older backup", (await Assert.ThrowsAsync<ProofException>(() => restored.PublishLogAsync())).Message, StringComparison.Ordinal);
        var next = await restored.PostAsync(after);
        Directory.Move(restored.LogFolderPath!, restored.LogFolderPath + ".before");
        await restored.PublishLogAsync();
        var log = LogReader.Of(restored.LogFolderPath!);
        ProofVerifier.Verify(SignedReceiptTests.Json(restored, next.Id), restored.LogKey, log, [], ledger.Clock.Now);
        Assert.Throws<ProofException>(() => ProofVerifier.Verify(proof, restored.LogKey, log, [], ledger.Clock.Now));
    }

    [Fact]
    public async Task A_place_that_can_not_be_written_is_named()
    {
        await using var ledger = await ReadyAsync();
        var missing = Path.Combine(Path.GetDirectoryName(ledger.Path)!, "missing", "copy.db");
        var error = Assert.Throws<LedgerStorageException>(() => ledger.Books.BackUp(missing));
        Assert.Contains("missing", error.Message, StringComparison.Ordinal);
    }
}
