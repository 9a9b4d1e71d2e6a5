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
        Assert.True(counts.Crashes > 0 && counts.Receipts > 1000 && counts.Documents > 10, $"{counts}");
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

    [Fact]
    public async Task A_lost_document_and_a_balance_that_it_does_not_come_to_are_noticed()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var customer = (await ledger.KeyAsync()).CustomerId;
        await SimulatedOffice.OpenAsync(ledger.Books);
        var office = new SimulatedOffice(new(1), TestLedger.Model, Currency.Parse("EUR"), ledger.Clock.Now);
        var charged = new Dictionary<string, Amount> { [customer] = TestLedger.Eur("0") };
        var images = new CrashImages(ledger.Path);
        images.Note();
        await office.DoAsync(ledger.Books, async books => await books.BuyCreditAsync(customer, TestLedger.Eur("5"), TestLedger.Model));
        Assert.Null(office.FindFault(ledger.Books, ledger.Clock.Now, charged));
        Assert.Contains(
            "owes", office.FindFault(ledger.Books, ledger.Clock.Now, new Dictionary<string, Amount> { [customer] = TestLedger.Eur("1") }),
            StringComparison.Ordinal);
        var path = CrashImages.Write(images.AtEveryWrite(new(1)).First(), ledger.AnotherPlace() + ".image");
        await using var after = Books.Open(path, ledger.Clock);
        Assert.Contains("is lost", office.FindFault(after, ledger.Clock.Now, charged), StringComparison.Ordinal);
    }
}
