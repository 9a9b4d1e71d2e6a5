namespace Ayni.Ledger.Tests;

public sealed class GroupCommitTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public async Task Receipts_of_many_posters_share_flushes(int keyCount)
    {
        const int Posters = 64, PerPoster = 100;
        await using var ledger = await TestLedger.ReadyAsync();
        var keys = new List<ApiKey>();
        for (var i = 0; i < keyCount; i++)
            keys.Add(await ledger.KeyAsync());
        var before = ledger.Books.FlushCount;
        await ledger.UseAsync(keys[0], 1, 1, 1);
        Assert.Equal(before + 1, ledger.Books.FlushCount);
        await Task.WhenAll(Enumerable.Range(0, Posters).Select(poster => Task.Run(async () =>
        {
            for (var i = 0; i < PerPoster; i++)
                await ledger.UseAsync(keys[poster % keyCount], i, 1, 1);
        })));
        Assert.InRange(ledger.Books.FlushCount - before, 2, Posters * PerPoster / 2);
    }
}
