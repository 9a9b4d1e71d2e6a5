using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class IdempotencyTests
{
    [Fact]
    public async Task A_request_is_begun_once_answered_for_a_day_and_never_charged_again()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var lease = await ledger.Books.BeginHostAsync("a");
        var request = Request(key);
        var states = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i => (await BeginAsync($"r{i}")).State));
        Assert.Single(states, state => state == IdempotencyState.Begun);
        Assert.Equal(49, states.Count(state => state == IdempotencyState.InProgress));
        var begun = $"r{Array.IndexOf(states, IdempotencyState.Begun)}";
        Assert.Equal(IdempotencyState.OtherBody, (await BeginAsync("x", request with { BodyHash = Digest.Of("other"u8) })).State);
        // Elsewhere the same name is another request's.
        foreach (var other in new[] { request with { Endpoint = "/other" }, request with { NameHash = Digest.Zero }, Request(await ledger.KeyAsync()) })
            Assert.Equal(IdempotencyState.Begun, (await BeginAsync("y", other)).State);

        var receipt = await ledger.Books.PostAsync(ledger.Usage(key, 1, 1, 1) with { RequestId = begun, Kept = new(request, [1, 2, 3]) });
        ledger.Clock.Now += IdempotentRequest.KeptFor - TimeSpan.FromTicks(10);
        await ledger.Books.RenewHostAsync(lease);
        await ledger.ReopenAsync();
        var answered = await BeginAsync("z");
        Assert.Equal((IdempotencyState.Answered, receipt), (answered.State, answered.Receipt));
        Assert.Equal([1, 2, 3], answered.Content!);
        Assert.Equal(IdempotencyState.OtherKey, (await BeginAsync("z", request with { KeyId = "key_other" })).State);

        ledger.Clock.Now += TimeSpan.FromTicks(10);
        var expired = await BeginAsync("z");
        Assert.Equal((IdempotencyState.NotKept, receipt), (expired.State, expired.Receipt));
        Assert.Equal(1L, ledger.Sql("SELECT count(*) FROM idempotent_requests WHERE answer IS NOT NULL"));
        await ledger.Books.RenewHostAsync(lease);
        Assert.Equal(0L, ledger.Sql("SELECT count(*) FROM idempotent_requests WHERE answer IS NOT NULL"));
        Assert.Equal(IdempotencyState.NotKept, (await BeginAsync("z")).State);

        Task<IdempotencyStatus> BeginAsync(string requestId, IdempotentRequest? other = null) =>
            ledger.Books.BeginIdempotentAsync(other ?? request, requestId, lease);
    }

    [Fact]
    public async Task What_was_abandoned_may_be_sent_again_and_what_was_posted_may_not()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var lease = await ledger.Books.BeginHostAsync("a");
        var request = Request(key);
        await ledger.Books.BeginIdempotentAsync(request, "r1", lease);
        await ledger.Books.AbandonIdempotentAsync(request, "another's");
        Assert.Equal(IdempotencyState.InProgress, (await ledger.Books.BeginIdempotentAsync(request, "r2", lease)).State);
        await ledger.Books.AbandonIdempotentAsync(request, "r1");
        Assert.Equal(IdempotencyState.Begun, (await ledger.Books.BeginIdempotentAsync(request, "r2", lease)).State);
        await ledger.Books.PostAsync(ledger.Usage(key, 1, 1, 1) with { RequestId = "r2", Kept = new(request, null) });
        await ledger.Books.AbandonIdempotentAsync(request, "r2");
        Assert.Equal(IdempotencyState.NotKept, (await ledger.Books.BeginIdempotentAsync(request, "r3", lease)).State);
    }

    [Fact]
    public async Task What_a_run_that_ended_had_begun_is_begun_anew_and_the_late_one_is_not_charged()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var request = Request(key);
        var stalled = await ledger.Books.BeginHostAsync("stalled");
        await ledger.Books.BeginIdempotentAsync(request, "r1", stalled);
        var late = ledger.Usage(key, 1_000_000, 0, 0) with { RequestId = "r1", Kept = new(request, [1]) };
        var lease = await ledger.Books.BeginHostAsync("b");
        Assert.Equal(IdempotencyState.InProgress, (await ledger.Books.BeginIdempotentAsync(request, "r2", lease)).State);
        ledger.Clock.Now += HostLease.Term + TimeSpan.FromSeconds(1);
        Assert.Equal(IdempotencyState.Begun, (await ledger.Books.BeginIdempotentAsync(request, "r2", lease)).State);
        await RefusedAsync(Refusal.RequestBegunAnew, () => ledger.Books.PostAsync(late));
        var receipt = await ledger.Books.PostAsync(ledger.Usage(key, 2_000_000, 0, 0) with { RequestId = "r2", Kept = new(request, [2]) });
        await RefusedAsync(Refusal.RequestBegunAnew, () => ledger.Books.PostAsync(late));
        Assert.Equal(Eur("1"), ledger.Books.UnpaidCharges(key.CustomerId));
        Assert.Equal(receipt, (await ledger.Books.BeginIdempotentAsync(request, "r3", lease)).Receipt);
        // Its receipt, posted again by whoever didn't hear of it, is the first one.
        Assert.Single(ledger.Books.ListReceipts(new()).Receipts);
    }

    private static IdempotentRequest Request(ApiKey key) =>
        new(key.CustomerId, key.Id, Digest.Of("name"u8), "/v1/completions", Digest.Of("body"u8));
}
