namespace Ayni.Ledger.Tests;

public sealed class WriterTests
{
    [Fact]
    public async Task A_job_that_breaks_after_writing_leaves_nothing_and_the_others_of_its_group_run_anew()
    {
        await using var ledger = TestLedger.Empty();
        var database = Database.At(ledger.Path);
        await using var writer = new Writer(database, database.OpenWriter(), ledger.Clock, new(ledger.Clock));
        using var groupIsFull = new ManualResetEventSlim();
        // The first job holds the writer until the others wait, so that they are one group.
        var first = writer.RunAsync(_ => groupIsFull.Wait(TimeSpan.FromSeconds(30)), default);
        var good = writer.RunAsync(transaction => Enter(transaction, "good"), default);
        var broken = writer.RunAsync<int>(
            transaction => throw new InvalidOperationException($"after {Enter(transaction, "broken")} row"), default);
        var refusedLate = writer.RunAsync<int>(
            transaction => throw new LedgerRefusedException(Refusal.InvalidText, $"after {Enter(transaction, "late")} row"), default);
        var alsoGood = writer.RunAsync(transaction => Enter(transaction, "also good"), default);
        groupIsFull.Set();
        Assert.True(await first);
        Assert.Equal((1, 1), (await good, await alsoGood));
        await Assert.ThrowsAsync<InvalidOperationException>(() => broken);
        await Assert.ThrowsAsync<LedgerRefusedException>(() => refusedLate);
        Assert.Equal(["good", "also good"], ledger.Books.ListParties().Select(party => party.Name));
    }

    private static int Enter(Transaction transaction, string name)
    {
        RegistryRows.Insert(transaction.Session, new Party($"pty_{name}", name, Role.Host, transaction.Now, null));
        return 1;
    }
}
