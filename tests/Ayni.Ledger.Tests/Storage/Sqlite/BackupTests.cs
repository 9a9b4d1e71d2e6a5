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
    public async Task A_place_that_can_not_be_written_is_named()
    {
        await using var ledger = await ReadyAsync();
        var missing = Path.Combine(Path.GetDirectoryName(ledger.Path)!, "missing", "copy.db");
        var error = Assert.Throws<LedgerStorageException>(() => ledger.Books.BackUp(missing));
        Assert.Contains("missing", error.Message, StringComparison.Ordinal);
    }
}
