using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class PostingTests
{
    [Fact]
    public async Task A_receipt_is_found_by_its_id_and_its_requests_after_a_restart()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(ofApp: true);
        var usage = ledger.Usage(key, 10, 20, 30) with
        {
            Adapter = new("poems-v1", Digest.Of("adapter"u8)),
            Outcome = Outcome.Cancelled,
            MeterId = key.Id,
        };
        var receipt = await ledger.Books.PostAsync(usage);
        await ledger.ReopenAsync();
        Assert.Equal(receipt, ledger.Books.FindReceipt(receipt.Id));
        Assert.Equal(receipt, ledger.Books.FindReceipt(usage.RequestId));
        Assert.Null(ledger.Books.FindReceipt("rcp_none"));
        Assert.Equal(new(10, 20, 30), receipt.Counts);
        // 10 × 0.50 + 20 × 0.10 + 30 × 1.50 = 52 per million.
        Assert.Equal(Eur("0.000052"), receipt.Charge);
    }

    [Fact]
    public async Task The_same_request_gives_its_first_receipt_and_is_charged_once()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var usage = ledger.Usage(key, 1_000_000, 0, 0);
        var receipts = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ledger.Books.PostAsync(usage)));
        Assert.All(receipts, receipt => Assert.Equal(receipts[0], receipt));
        Assert.Equal(Eur("0.5"), ledger.Books.UnpaidCharges(key.CustomerId));
        await RefusedAsync(Refusal.RequestIdReused, () => ledger.Books.PostAsync(usage with { Counts = new(2, 0, 0) }));
        var other = ledger.Usage(await ledger.KeyAsync(), 1_000_000, 0, 0) with { RequestId = usage.RequestId };
        await RefusedAsync(Refusal.RequestIdReused, () => ledger.Books.PostAsync(other));
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task A_refusal_does_not_touch_the_others_in_its_group()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var first = ledger.Usage(key, 1, 0, 0);
        var posts = Enumerable.Range(0, 100).Select(i => i % 2 == 0
            ? ledger.UseAsync(key, i, 0, 0)
            : ledger.Books.PostAsync(first with { Counts = new(i, 0, 0) })).ToArray();
        await Task.WhenAll(posts.Select(post => post.ContinueWith(_ => { }, TaskScheduler.Default)));
        // One of the fifty usages of the same request is its receipt; the others are refused.
        Assert.Equal(51, posts.Count(post => post.IsCompletedSuccessfully));
        Assert.All(posts.Where(post => post.IsFaulted), post => Assert.IsType<LedgerRefusedException>(post.Exception!.InnerException));
        Assert.Equal(51, ledger.Books.ListReceipts(new(KeyId: key.Id)).Receipts.Count);
        Assert.Empty(ledger.Books.Audit());
    }

    [Theory]
    [InlineData(-1, 0, 0, 0)]
    [InlineData(0, -1, 0, 0)]
    [InlineData(0, 0, long.MinValue, 0)]
    [InlineData(0, 0, 0, -1)]
    [InlineData(1_000_000_001, 0, 0, 0)]
    [InlineData(0, 0, long.MaxValue, 0)]
    public async Task Absurd_counts_are_refused(long prompt, long cached, long generated, long rejected)
    {
        await using var ledger = await ReadyAsync();
        var usage = ledger.Usage(await ledger.KeyAsync(), 0, 0, 0) with { Counts = new(prompt, cached, generated, rejected) };
        await RefusedAsync(Refusal.InvalidUsage, () => ledger.Books.PostAsync(usage));
        await RefusedAsync(Refusal.InvalidText, () => ledger.Books.PostAsync(usage with { Counts = default, RequestId = "a\0b" }));
        await RefusedAsync(Refusal.InvalidUsage, () => ledger.Books.PostAsync(usage with { Counts = default, Outcome = (Outcome)7 }));
        Assert.Empty(ledger.Books.ListReceipts(new()).Receipts);
    }

    [Fact]
    public async Task Each_keys_receipts_are_numbered_and_chained_under_concurrency()
    {
        await using var ledger = await ReadyAsync();
        var keys = new[] { await ledger.KeyAsync(), await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true), await ledger.KeyAsync() };
        await Task.WhenAll(Enumerable.Range(0, 64).Select(task => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
                await ledger.UseAsync(keys[task % 4], task, i, 1);
        })));
        foreach (var key in keys)
            AssertChain(ledger.Books.ListReceipts(new(KeyId: key.Id, Limit: 1000)).Receipts, 160);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Giving_up_the_wait_does_not_lose_what_the_writer_has()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        for (var i = 0; i < 50; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var usage = ledger.Usage(key, 1, 1, i);
            var post = ledger.Books.PostAsync(usage, cancellation.Token);
            await cancellation.CancelAsync();
            try
            {
                await post;
            }
            catch (OperationCanceledException)
            {
            }
            // It had its place in the queue, so this finds it or waits behind it: either way there is one receipt.
            await ledger.Books.PostAsync(usage);
        }
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ledger.Books.PostAsync(ledger.Usage(key, 1, 1, 1), cancelled.Token));
        AssertChain(ledger.Books.ListReceipts(new(KeyId: key.Id)).Receipts, 50);
    }

    [Fact]
    public async Task What_was_handed_over_before_the_end_is_recorded_and_nothing_after()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var usages = Enumerable.Range(0, 200).Select(i => ledger.Usage(key, i, 0, 0)).ToArray();
        var posts = usages.Select(usage => ledger.Books.PostAsync(usage)).ToArray();
        await ledger.ReopenAsync();
        await Task.WhenAll(posts);
        AssertChain(ledger.Books.ListReceipts(new(Limit: 1000)).Receipts, 200);
        var closed = Books.Open(ledger.Path, ledger.Clock);
        await closed.DisposeAsync();
        var error = await Assert.ThrowsAsync<LedgerStorageException>(() => closed.PostAsync(usages[0]));
        Assert.Equal(StorageFault.Closed, error.Fault);
        Assert.Equal(StorageFault.Closed, Assert.Throws<LedgerStorageException>(() => closed.ListKeys()).Fault);
    }

    [Fact]
    public async Task Pages_follow_one_another_newest_last()
    {
        await using var ledger = await ReadyAsync();
        var (first, second) = (await ledger.KeyAsync(), await ledger.KeyAsync());
        for (var i = 0; i < 10; i++)
            await ledger.UseAsync(i % 2 == 0 ? first : second, i, 0, 0);
        var all = Pages(new(Limit: 3));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), all.Select(receipt => receipt.Counts.Prompt));
        Assert.Equal(5, Pages(new(KeyId: second.Id, Limit: 2)).Count);
        Assert.Equal(5, Pages(new(CustomerId: first.CustomerId, Limit: 5)).Count);
        Assert.Equal(10, Pages(new(Period: TestLedger.Period, Limit: 4)).Count);
        Assert.Empty(Pages(new(Period: TestLedger.Period.Next)));
        Assert.Empty(Pages(new(KeyId: first.Id, CustomerId: second.CustomerId)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.Books.ListReceipts(new(Limit: 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.Books.ListReceipts(new(Limit: int.MaxValue)));

        List<Receipt> Pages(ReceiptQuery query)
        {
            var receipts = new List<Receipt>();
            for (long? next = 0; next is not null;)
            {
                var page = ledger.Books.ListReceipts(query with { After = next.Value });
                receipts.AddRange(page.Receipts);
                next = page.Next;
            }
            return receipts;
        }
    }

    internal static void AssertChain(IReadOnlyList<Receipt> receipts, int count)
    {
        Assert.Equal(count, receipts.Count);
        var previous = Digest.Zero;
        for (var i = 0; i < receipts.Count; i++)
        {
            Assert.Equal(i + 1, receipts[i].KeyNumber);
            Assert.Equal(previous, receipts[i].PreviousHash);
            previous = receipts[i].Hash;
        }
    }
}
