namespace Ayni.Ledger.Tests;

/// <summary>Short lives; <c>bench/run simulate</c> lives long ones.</summary>
public sealed class SimulationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_was_answered_is_there_and_charged_once_whatever_happens(int seed)
    {
        var counts = await SqliteSimulation.RunAsync(seed, operations: 1500);
        Assert.True(counts.Crashes > 0 && counts.Receipts > 1000, $"{counts}");
    }

    [Fact]
    public async Task A_life_is_the_same_under_the_same_seed() =>
        Assert.Equal(await SqliteSimulation.RunAsync(4, 300), await SqliteSimulation.RunAsync(4, 300));

    [Fact]
    public async Task A_lost_flush_is_noticed()
    {
        // Without it the simulation could not fail: a receipt that was answered is cut off the log.
        await using var ledger = await TestLedger.ReadyAsync();
        var images = new CrashImages(ledger.Path);
        images.Note();
        var receipt = await ledger.UseAsync(await ledger.KeyAsync(), 1, 2, 3);
        var image = images.AtEveryWrite(new(1)).First();
        var path = CrashImages.Write(image, ledger.AnotherPlace() + ".image");
        await using var after = Books.Open(path, ledger.Clock);
        Assert.Null(after.FindReceipt(receipt.Id));
        Assert.Empty(after.Audit());
    }
}
