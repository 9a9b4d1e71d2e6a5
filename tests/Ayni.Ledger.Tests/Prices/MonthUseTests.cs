using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>How tiers and allowances advance through a month of posted receipts.</summary>
public sealed class MonthUseTests
{
    private const string Graduated =
        "model: llama\ncurrency: EUR\ninput: 1\nfree: {input: 100}\n"
        + "tiers: {kind: graduated, metric: output, steps: [{up_to: 1000, rate: 2}, {rate: 1}]}\ncached: 0\n";

    [Fact]
    public async Task Requests_take_their_places_as_they_are_posted_each_customer_and_month_apart()
    {
        await using var ledger = await PlannedAsync(Graduated);
        var (key, other) = (await ledger.KeyAsync(), await ledger.KeyAsync());
        // 60 of 100 free; 900 of output at 2 / 10⁶ = 0.0018.
        Assert.Equal(Eur("0.0018"), (await ledger.UseAsync(key, 60, 0, 900)).Charge);
        // 40 of 60 free: 20 × 1; 100 of output at 2 and 100 at 1: 20 + 200 + 100 = 320 / 10⁶.
        Assert.Equal(Eur("0.00032"), (await ledger.UseAsync(key, 60, 0, 200)).Charge);
        Assert.Equal(Eur("0.0018"), (await ledger.UseAsync(other, 60, 0, 900)).Charge);
        var late = ledger.Usage(key, 0, 0, 50);

        // December begins anew.
        ledger.Clock.Now = TestLedger.Period.End;
        Assert.Equal(Eur("0.0018"), (await ledger.UseAsync(key, 60, 0, 900)).Charge);
        // November's late one takes November's next place, 1,101 to 1,150, closed or not, and stands in December as November's.
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var receipt = await ledger.Books.PostAsync(late);
        Assert.Equal((Eur("0.00005"), TestLedger.Period), (receipt.Charge, receipt.Period));
        var entry = ledger.Books.ListEntries(TestLedger.Period.Next).Entries[^1];
        Assert.Equal((receipt.Id, TestLedger.Period), (entry.Reference, entry.ServicePeriod));
        // December does not notice: 100 of output at 2.
        Assert.Equal(Eur("0.0002"), (await ledger.UseAsync(key, 0, 0, 100)).Charge);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task A_charge_is_explained_by_its_place_in_the_month()
    {
        await using var ledger = await PlannedAsync(Graduated);
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 60, 0, 900);
        var receipt = await ledger.UseAsync(key, 60, 0, 200);
        await ledger.UseAsync(key, 60, 0, 200);
        var explanation = ledger.Books.ExplainCharge(receipt.RequestId)!;
        Assert.Equal((receipt.Id, new MonthUse(1, 60, 0, 900), Eur("0.00032")), (explanation.ReceiptId, explanation.Before, explanation.Charge));
        Assert.Equal(
            [
                new("input, free", 40, Eur("0"), 1_000_000), new("input", 20, Eur("1"), 1_000_000),
                new("output, step 1", 100, Eur("2"), 1_000_000), new("output, step 2", 100, Eur("1"), 1_000_000),
            ],
            explanation.Lines.ToArray());
        Assert.Null(ledger.Books.ExplainCharge("rcp_none"));
    }

    [Fact]
    public async Task A_request_posted_twice_takes_one_place()
    {
        await using var ledger = await PlannedAsync(Graduated);
        var usage = ledger.Usage(await ledger.KeyAsync(), 0, 0, 900);
        var posted = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ledger.Books.PostAsync(usage)));
        Assert.All(posted, receipt => Assert.Equal(posted[0], receipt));
        Assert.Equal(900L, ledger.Sql("SELECT output FROM month_use"));
    }

    [Fact]
    public async Task Requests_at_once_fill_the_tiers_without_gap_or_overlap()
    {
        await using var ledger = await PlannedAsync(Graduated);
        var issued = await ledger.IssueAsync();
        var second = await ledger.Books.IssueKeyAsync(issued.Key.CustomerId!, "desk");
        var usages = Enumerable.Range(0, 100).Select(i => ledger.Usage(i % 2 == 0 ? issued.Key : second.Key, 3, 0, 30)).ToArray();
        var receipts = await Task.WhenAll(usages.Select(usage => ledger.Books.PostAsync(usage)));
        // 300 of input, 100 free: 200; 3,000 of output: 1,000 × 2 + 2,000 × 1 = 4,000; together 4,200 / 10⁶.
        Assert.Equal(Eur("0.0042"), receipts.Aggregate(Eur("0"), (sum, receipt) => sum + receipt.Charge));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Flat_prices_count_nothing()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1, 2, 3);
        Assert.Equal(0L, ledger.Sql("SELECT count(*) FROM month_use"));
    }

    [Fact]
    public async Task A_change_of_price_within_a_month_goes_on_where_the_month_is()
    {
        await using var ledger = await PlannedAsync(Graduated);
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 0, 0, 900);
        await ledger.Books.SetPriceAsync(Plans.Read(Graduated.Replace("rate: 2", "rate: 4", StringComparison.Ordinal)));
        // 100 more at the first step's new rate, 100 at the second: 400 + 100.
        Assert.Equal(Eur("0.0005"), (await ledger.UseAsync(key, 0, 0, 200)).Charge);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task The_audit_recomputes_places_and_charges()
    {
        await using var ledger = await PlannedAsync(Graduated);
        await ledger.UseAsync(await ledger.KeyAsync(), 0, 0, 900);
        ledger.Sql("UPDATE month_use SET output = 901");
        Assert.Contains("901", Assert.Single(ledger.Books.Audit()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plans_are_stored_as_they_are_and_survive_a_restart()
    {
        await using var ledger = await PlannedAsync(Graduated);
        var set = ledger.Books.ListPrices()[^1];
        await ledger.ReopenAsync();
        Assert.Equal(set, ledger.Books.FindPrice(Model));
        Assert.Equal(Plans.Read(Graduated), ledger.Books.FindPrice(set.Version)!.Plan);
        Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql("UPDATE prices SET plan = '{}'"));
        // A version older than plans is three flat rates.
        ledger.Sql(
            "INSERT INTO prices (model, currency, input_per_million, cached_per_million, output_per_million, effective_from) "
            + "VALUES ('old', 'EUR', '1.000000000000', '0.500000000000', '2.000000000000', 0)");
        Assert.Equal(new Price(set.Version + 1, "old", Eur("1"), Eur("0.5"), Eur("2"), DateTimeOffset.UnixEpoch), ledger.Books.FindPrice("old"));
    }

    private static async Task<TestLedger> PlannedAsync(string plan)
    {
        var ledger = await ReadyAsync();
        await ledger.Books.SetPriceAsync(Plans.Read(plan));
        return ledger;
    }
}
