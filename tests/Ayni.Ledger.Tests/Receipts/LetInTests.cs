using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Requests let in and reserved in one step, by what was found before.</summary>
public sealed class LetInTests
{
    private static int _requests;

    [Fact]
    public async Task What_limits_nobody_is_let_in_without_a_reservation()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var lease = await ledger.Books.BeginHostAsync("a");
        for (var i = 0; i < 2; i++)
            Assert.Null(Assert.IsType<Admission>(await LetInAsync(ledger, key, lease)).Reservation);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_that_another_host_shut_opens_nothing_any_more(bool isLimited)
    {
        await using var ledger = await ReadyAsync();
        await using var other = Books.Open(ledger.Path, ledger.Clock);
        var key = await ledger.KeyAsync(limit: isLimited ? Eur("1") : null);
        var lease = await ledger.Books.BeginHostAsync("a");
        Assert.IsType<Admission>(await LetInAsync(ledger, key, lease));
        await other.RevokeKeyAsync(key.Id);
        Assert.Equal(AdmissionRefusalReason.KeyRevoked, Assert.IsType<AdmissionRefusal>(await LetInAsync(ledger, key, lease)).Reason);
        Assert.Equal(isLimited ? 1 : 0, ledger.Books.CountHolds());
    }

    [Fact]
    public async Task Limits_and_prices_that_another_host_changed_hold_for_the_next_request()
    {
        await using var ledger = await ReadyAsync();
        await using var other = Books.Open(ledger.Path, ledger.Clock);
        var key = await ledger.KeyAsync(limit: Eur("1"));
        var lease = await ledger.Books.BeginHostAsync("a");
        var first = Assert.IsType<Admission>(await LetInAsync(ledger, key, lease));
        // 1,000 at 0.50 and 1,000 at 1.50 a million.
        Assert.Equal(Eur("0.002"), first.Reservation!.Amount);

        ledger.Clock.Now += TimeSpan.FromSeconds(1);
        var price = await other.SetPriceAsync(Model, Currency.Parse("EUR"), Eur("1"), Eur("3"));
        ledger.Clock.Now += TimeSpan.FromSeconds(1);
        var second = Assert.IsType<Admission>(await LetInAsync(ledger, key, lease));
        Assert.Equal((price.Version, Eur("0.004")), (second.Price.Version, second.Reservation!.Amount));

        await other.SetSpendingLimitAsync(key.CustomerId, Eur("0.006"));
        var refusal = Assert.IsType<AdmissionRefusal>(await LetInAsync(ledger, key, lease));
        Assert.Equal((AdmissionRefusalReason.InsufficientQuota, Eur("0.006")), (refusal.Reason, refusal.Limit));

        await other.SetSpendingLimitAsync(key.CustomerId, null);
        Assert.Null(Assert.IsType<Admission>(await LetInAsync(ledger, key, lease)).Reservation);

        await other.SetLimitsAsync(new(key.Id, RequestsPerMinute: 1));
        Assert.NotNull(Assert.IsType<Admission>(await LetInAsync(ledger, key, lease)).Reservation);
        Assert.Equal(AdmissionRefusalReason.RateLimited, Assert.IsType<AdmissionRefusal>(await LetInAsync(ledger, key, lease)).Reason);
    }

    [Fact]
    public async Task Hosts_that_post_in_turn_under_one_key_see_what_the_other_did()
    {
        await using var ledger = await ReadyAsync();
        await using var other = Books.Open(ledger.Path, ledger.Clock);
        var key = await ledger.KeyAsync(limit: Eur("0.020"));
        var hosts = new[] { (ledger.Books, await ledger.Books.BeginHostAsync("a")), (other, await other.BeginHostAsync("b")) };
        // In twos, so that each is alone for a while.
        for (var i = 0; i < 10; i++)
        {
            var (books, lease) = hosts[i / 2 % 2];
            var request = NextRequest();
            var admission = Assert.IsType<Admission>(await books.LetInAsync(key, Model, request, new(1000, 1, 1000), lease));
            var usage = new Usage(admission, request, Digest.Of("model"u8), new(1000, 0, 1000), Outcome.Completed);
            var receipt = await books.PostAsync(usage);
            Assert.Equal(i + 1, receipt.KeyNumber);
            // Told again, there or by the other, it is the same.
            Assert.Equal(receipt.Id, (await books.PostAsync(usage)).Id);
            Assert.Equal(receipt.Id, (await hosts[1 - i / 2 % 2].Item1.PostAsync(usage)).Id);
        }
        foreach (var (books, lease) in hosts)
            Assert.IsType<AdmissionRefusal>(await books.LetInAsync(key, Model, NextRequest(), new(1, 1, 1), lease));
        Assert.Equal(0, ledger.Books.CountHolds());
        Assert.Empty(ledger.Books.Audit());
    }

    private static string NextRequest() => $"req-let-in-{Interlocked.Increment(ref _requests)}";

    private static Task<AdmissionDecision> LetInAsync(TestLedger ledger, ApiKey key, HostLease lease) =>
        ledger.Books.LetInAsync(key, Model, NextRequest(), new(1000, 1, 1000), lease);
}
