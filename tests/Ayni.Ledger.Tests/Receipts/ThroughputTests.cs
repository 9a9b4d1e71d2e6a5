using System.Diagnostics;
using Xunit.Abstractions;

namespace Ayni.Ledger.Tests;

public sealed class ThroughputTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public async Task Receipts_of_many_posters_share_flushes(int keyCount)
    {
        const int Posters = 64, PerPoster = 300;
        await using var ledger = await TestLedger.ReadyAsync();
        var keys = new List<ApiKey>();
        for (var i = 0; i < keyCount; i++)
            keys.Add(await ledger.KeyAsync());
        await ledger.UseAsync(keys[0], 1, 1, 1);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Posters).Select(poster => Task.Run(async () =>
        {
            for (var i = 0; i < PerPoster; i++)
                await ledger.UseAsync(keys[poster % keyCount], i, 1, 1);
        })));
        var rate = Posters * PerPoster / watch.Elapsed.TotalSeconds;
        output.WriteLine($"{rate:F0} durable receipts/s, {keyCount} keys, {Posters} posters");
        Assert.True(rate > 500, $"{rate:F0} receipts/s: the flushes are not shared.");
    }
}
