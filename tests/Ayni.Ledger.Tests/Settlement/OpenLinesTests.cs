using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>
/// The receipts of an open month's statement, page by page while it goes on: without settling the month for each page, and the same.
/// </summary>
public sealed class OpenLinesTests
{
    [Fact]
    public async Task Pages_of_an_open_month_are_those_of_a_fresh_settlement_whatever_is_posted_meanwhile()
    {
        await using var ledger = await ReadyAsync();
        ApiKey[] keys = [await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true), await ledger.KeyAsync("XTS")];
        await ledger.Books.SetPriceAsync(Model, Currency.Test, new(1_000_000, Currency.Test), new(1, Currency.Test));
        var random = new Random(7);
        for (var i = 0; i < 30; i++)
        {
            switch (random.Next(8))
            {
                case 0:
                    await ledger.Books.RecordDeductionAsync(DeductionType.Other, $"d{i}", TestLedger.Period, Eur("0.01"), random.Next(2) == 0 ? null : "none");
                    break;
                case 1:
                    await ledger.Books.AgreeAsync($"m{i}", [Share.Of(ledger.Licensor.Id, Share.Whole)]);
                    await ledger.Books.SetPriceAsync($"m{i}", Currency.Parse("EUR"), Eur(i % 2 == 0 ? "0" : "1"), Eur("1"));
                    await PostAsync($"m{i}");
                    break;
                case 2:
                    await ledger.Books.RecordPaymentAsync(keys[0].CustomerId!, Eur("0.01"), $"b{i}", new(2026, 11, 5));
                    break;
                default:
                    await ledger.UseAsync(keys[random.Next(keys.Length)], random.Next(3), 0, random.Next(2));
                    break;
            }
            await using var fresh = Books.Open(ledger.Path, ledger.Clock);
            foreach (var party in (string[])[ledger.Licensor.Id, ledger.Developer.Id])
                Assert.Equal(Read(fresh, party), Read(ledger.Books, party));
        }

        Task<Receipt> PostAsync(string model) => ledger.Books.PostAsync(
            ledger.Usage(keys[0], 5, 0, 0) with { Admission = Assert.IsType<Admission>(ledger.Books.Admit(keys[0], model)) });
        static List<(int, string)> Read(Books books, string party)
        {
            var read = new List<(int, string)>();
            for (long? after = 0; after is { } start;)
            {
                var page = books.ListStatementReceipts(TestLedger.Period, party, start, 3);
                read.AddRange(page.Receipts.Select(receipt => (receipt.Line, receipt.Id)));
                after = page.Next;
            }
            return read;
        }
    }

    [Fact]
    public async Task A_month_is_settled_again_only_for_what_may_be_another_line()
    {
        await using var ledger = await ReadyAsync();
        var (own, app) = (await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true));
        await ledger.UseAsync(own, 5, 0, 0);
        var kept = new ClosedSettlements();
        var first = Lines();
        Assert.Same(first, Lines());
        await ledger.UseAsync(own, 5, 0, 0);
        Assert.Same(first, Lines());
        await ledger.UseAsync(app, 5, 0, 0);
        var second = Lines();
        Assert.NotSame(first, second);
        await ledger.UseAsync(app, 5, 0, 0);
        Assert.Same(second, Lines());
        await ledger.Books.RecordDeductionAsync(DeductionType.Other, "d", TestLedger.Period, Eur("0.01"));
        Assert.NotSame(second, Lines());

        Settlement Lines()
        {
            using var session = Database.At(ledger.Path).OpenReader();
            return kept.LinesOf(session, TestLedger.Period);
        }
    }
}
