using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class ReservationTests
{
    /// <summary>A prompt of 1,000 tokens and an answer of 1,000: 0.0005 + 0.0015 EUR.</summary>
    private static readonly TokenDemand Demand = new(1000, 1, 1000);

    private static int _requests;

    [Fact]
    public async Task A_limit_in_another_currency_set_since_the_admission_refuses_by_name()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync("USD");
        await ledger.Books.SetRateAsync(Currency.Parse("EUR"), Amount.Parse("1.1", Currency.Parse("USD")), "ECB", null);
        var lease = await ledger.Books.BeginHostAsync("a");
        var admission = ledger.Admit(key);
        await ledger.Books.SetSpendingLimitAsync(key.CustomerId, Amount.Parse("5", Currency.Parse("USD")));
        var refusal = Assert.IsType<AdmissionRefusal>(await ledger.Books.ReserveAsync(admission, "r", new(1, 1, 1, null), lease));
        Assert.Equal(AdmissionRefusalReason.CurrencyMismatch, refusal.Reason);
    }

    [Fact]
    public async Task A_thousand_parallel_requests_on_a_budget_for_ten_get_ten_and_leave_nothing_behind()
    {
        await using var ledger = await ReadyAsync();
        await using var other = Books.Open(ledger.Path, ledger.Clock);
        var key = await ledger.KeyAsync(limit: Eur("0.020"));
        var leases = new[] { await ledger.Books.BeginHostAsync("a"), await other.BeginHostAsync("b") };
        var everyoneAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(async () =>
        {
            var books = i % 2 == 0 ? ledger.Books : other;
            var decision = await ReserveAsync(books, key, leases[i % 2]);
            if (Interlocked.Increment(ref asked) == 1000)
                everyoneAsked.SetResult();
            await everyoneAsked.Task;
            if (decision is not Admission admission)
                return Assert.IsType<AdmissionRefusal>(decision).Reason;
            await PostAsync(books, admission, new(1000, 0, 1000));
            return (AdmissionRefusalReason?)null;
        })));
        Assert.Equal(10, outcomes.Count(outcome => outcome is null));
        Assert.All(outcomes.Where(outcome => outcome is not null), outcome => Assert.Equal(AdmissionRefusalReason.InsufficientQuota, outcome));
        Assert.Equal(Eur("0.020"), ledger.Books.UnpaidCharges(key.CustomerId));
        AssertNothingHeld(ledger);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task Whatever_requests_come_to_a_limit_is_never_passed()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(ofApp: true, limit: Eur("0.5"));
        await ledger.Books.SetLimitsAsync(new(key.Id, PerDay: Eur("0.25")));
        await ledger.Books.SetLimitsAsync(new(ledger.App.Id, PerMonth: Eur("0.2")));
        var lease = await ledger.Books.BeginHostAsync("a");
        await Task.WhenAll(Enumerable.Range(0, 32).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 40; i++)
            {
                var demand = new TokenDemand(random.Next(1, 3000), random.Next(1, 3), random.Next(1, 3000));
                if (await ReserveAsync(ledger.Books, key, lease, demand) is not Admission { Reservation: { } reservation } admission)
                    continue;
                Assert.InRange(reservation.MaxTokens, 1, demand.MaxTokens);
                var cached = random.Next(0, demand.Prompt + 1);
                if (random.Next(4) == 0)
                    await ledger.Books.VoidAsync(reservation);
                else
                    await PostAsync(ledger.Books, admission, new(demand.Prompt - cached, cached, demand.Answers * random.Next(0, reservation.MaxTokens + 1)));
            }
        })));
        // The tightest is the app's month.
        Assert.InRange(ledger.Books.UnpaidCharges(key.CustomerId).Units, Eur("0.19").Units, Eur("0.2").Units);
        AssertNothingHeld(ledger);
    }

    [Fact]
    public async Task A_customer_sees_what_is_left_of_its_days_and_months()
    {
        await using var ledger = await ReadyAsync();
        var (key, others) = (await ledger.KeyAsync(), await ledger.KeyAsync());
        await ledger.Books.SetLimitsAsync(new(key.CustomerId, PerMonth: Eur("3")));
        await ledger.Books.SetLimitsAsync(new(key.Id, PerDay: Eur("1.25"), PerMonth: Eur("2"), RequestsPerMinute: 9));
        await ledger.Books.SetLimitsAsync(new(others.Id, PerDay: Eur("1")));
        var lease = await ledger.Books.BeginHostAsync("a");
        // 500,000 at 0.50 and 500,000 at 1.50 a million: 1.00.
        var first = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease, new(500_000, 1, 500_000)));
        await PostAsync(ledger.Books, first, new(500_000, 0, 500_000));
        AssertLeft("0.25", "1", "2");
        // What is under way is held: 100,000 at 0.50 and 50,000 at 1.50 a million, 0.125.
        var second = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease, new(100_000, 1, 50_000)));
        AssertLeft("0.125", "0.875", "1.875");
        await PostAsync(ledger.Books, second, new(100_000, 0, 0));
        AssertLeft("0.20", "0.95", "1.95");
        ledger.Clock.Now += TimeSpan.FromDays(1);
        AssertLeft("1.25", "0.95", "1.95");

        void AssertLeft(string ofKeysDay, string ofKeysMonth, string ofCustomersMonth)
        {
            var limits = ledger.Books.UsageOf(key.CustomerId).Limits.ToDictionary(limit => limit.SubjectId);
            Assert.Equal(2, limits.Count);
            Assert.Equal((Eur("1.25"), Eur(ofKeysDay), Eur("2"), Eur(ofKeysMonth)),
                (limits[key.Id].PerDay, limits[key.Id].LeftToday, limits[key.Id].PerMonth, limits[key.Id].LeftThisMonth));
            Assert.Equal((null, null, Eur("3"), Eur(ofCustomersMonth)),
                (limits[key.CustomerId].PerDay, limits[key.CustomerId].LeftToday, limits[key.CustomerId].PerMonth, limits[key.CustomerId].LeftThisMonth));
        }
    }

    [Fact]
    public async Task An_answer_is_as_long_as_the_money_left_affords()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("0.001"));
        var lease = await ledger.Books.BeginHostAsync("a");
        var admission = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease));
        // 0.001 − 0.0005 for the prompt buys 333 tokens at 1.50 a million.
        Assert.Equal(333, admission.Reservation!.MaxTokens);
        Assert.Equal(Eur("0.0009995"), admission.Reservation.Amount);
        var refusal = Assert.IsType<AdmissionRefusal>(await ReserveAsync(ledger.Books, key, lease));
        Assert.Equal(AdmissionRefusalReason.InsufficientQuota, refusal.Reason);
        Assert.Equal(Eur("0.0000005"), refusal.Left);
        Assert.Contains("requests under way hold 0.0009995 EUR", refusal.Message, StringComparison.Ordinal);
        // It used less than it might have, and the rest is free again.
        await PostAsync(ledger.Books, admission, new(0, 1000, 100));
        Assert.Equal(Eur("0.00025"), ledger.Books.UnpaidCharges(key.CustomerId));
        Assert.Equal(166, Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease)).Reservation!.MaxTokens);
    }

    [Fact]
    public async Task Who_has_no_limit_reserves_nothing()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var lease = await ledger.Books.BeginHostAsync("a");
        Assert.False(ledger.Admit(key).IsLimited);
        Assert.Null(Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease)).Reservation);
        Assert.Equal(0, ledger.Books.CountHolds());
    }

    [Fact]
    public async Task A_reservation_costs_no_flush()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("1"));
        var lease = await ledger.Books.BeginHostAsync("a");
        var before = ledger.Books.FlushCount;
        var admission = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease));
        Assert.Equal(before, ledger.Books.FlushCount);
        await PostAsync(ledger.Books, admission, new(1, 0, 0));
        Assert.Equal(before + 1, ledger.Books.FlushCount);
    }

    [Fact]
    public async Task A_host_that_starts_again_lets_go_of_what_its_last_run_held_when_that_runs_lease_is_over()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("0.002"));
        await ReserveAsync(ledger.Books, key, await ledger.Books.BeginHostAsync("a"));
        var lease = await ledger.Books.BeginHostAsync("b");
        Assert.IsType<AdmissionRefusal>(await ReserveAsync(ledger.Books, key, lease));
        await ledger.ReopenAsync();
        ledger.Clock.Now += HostLease.Term + TimeSpan.FromTicks(10);
        await ledger.Books.BeginHostAsync("a");
        AssertNothingHeld(ledger);
        Assert.NotNull(Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease)).Reservation);
        await ledger.Books.EndHostAsync(lease);
        AssertNothingHeld(ledger);
    }

    [Fact]
    public async Task Hosts_of_one_name_leave_each_others_reservations_alone()
    {
        // As in two containers that call themselves and their address the same.
        await using var ledger = await ReadyAsync();
        await using var other = Books.Open(ledger.Path, ledger.Clock);
        var key = await ledger.KeyAsync(limit: Eur("0.002"));
        var first = await ledger.Books.BeginHostAsync("a");
        var admission = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, first));
        var second = await other.BeginHostAsync("a");
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(AdmissionRefusalReason.InsufficientQuota, Assert.IsType<AdmissionRefusal>(await ReserveAsync(other, key, second)).Reason);
        await other.RenewHostAsync(second);
        await other.EndHostAsync(second);
        Assert.Equal(1, ledger.Books.CountHolds());
        await PostAsync(ledger.Books, admission, new(1000, 0, 1000));
        AssertNothingHeld(ledger);
    }

    [Fact]
    public async Task What_is_let_go_once_is_not_let_go_again()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("0.004"));
        var lease = await ledger.Books.BeginHostAsync("a");
        var voided = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease));
        var posted = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease));
        await Task.WhenAll(ledger.Books.VoidAsync(voided.Reservation!), ledger.Books.VoidAsync(voided.Reservation!));
        Assert.Equal(Eur("0.002"), Held());
        var usage = new Usage(posted, posted.Reservation!.RequestId, Digest.Of("model"u8), new(1000, 0, 500), Outcome.Completed);
        await Task.WhenAll(ledger.Books.PostAsync(usage), ledger.Books.PostAsync(usage));
        await ledger.Books.VoidAsync(posted.Reservation!);
        Assert.Equal(Eur("0"), Held());

        Amount Held() => Eur(ledger.Books.CountHolds() == 0 ? "0" : (string)ledger.Sql("SELECT CAST(held AS text) FROM holds")!);
    }

    [Fact]
    public async Task What_is_held_of_no_request_under_way_is_let_go_of_when_the_lease_is_renewed()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("1"));
        var lease = await ledger.Books.BeginHostAsync("a");
        var underWay = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease));
        // What a reservation leaves whose answer was lost with the connection to a server.
        ledger.Sql("UPDATE holds SET held = '0.900000000000'");
        await ledger.Books.RenewHostAsync(lease);
        Assert.NotNull(Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease, new(400_000, 1, 1000))).Reservation);
        await ledger.Books.VoidAsync(underWay.Reservation!);
        Assert.Equal(1, ledger.Books.CountHolds());
        await ledger.Books.EndHostAsync(lease);
        AssertNothingHeld(ledger);
    }

    [Fact]
    public async Task Limits_set_while_others_post_have_counted_every_receipt_once()
    {
        await using var ledger = await ReadyAsync();
        var keys = new[] { await ledger.KeyAsync(ofApp: true), await ledger.KeyAsync(ofApp: true) };
        var posting = Task.WhenAll(keys.Select(key => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
                await ledger.UseAsync(key, 1000, 0, 0);
        })));
        while (!posting.IsCompleted)
        {
            foreach (var subject in (string[])[keys[0].Id, keys[1].CustomerId, ledger.App.Id])
            {
                await ledger.Books.SetLimitsAsync(new(subject));
                await ledger.Books.SetLimitsAsync(new(subject, PerDay: Eur("100"), PerMonth: Eur("100")));
            }
        }
        await posting;
        // 200 times 1,000 tokens at 0.50 a million.
        Assert.Equal(("0.10", "0.10", "0.20"), (Spent(keys[0].Id), Spent(keys[1].CustomerId), Spent(ledger.App.Id)));

        string Spent(string subject)
        {
            var spans = new[] { "2026-11-05", "2026-11" }
                .Select(span => (string)ledger.Sql($"SELECT CAST(spent AS text) FROM budgets WHERE subject = '{subject}' AND span = '{span}'")!).ToArray();
            Assert.Equal(spans[0], spans[1]);
            return Eur(spans[0]).Format();
        }
    }

    [Fact]
    public async Task What_a_host_held_is_let_go_when_its_lease_runs_out_and_its_late_receipt_counts_all_the_same()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync(limit: Eur("0.002"));
        var stalled = await ledger.Books.BeginHostAsync("stalled");
        var lease = await ledger.Books.BeginHostAsync("b");
        var admission = Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, stalled));
        ledger.Clock.Now += HostLease.Term;
        await ledger.Books.RenewHostAsync(lease);
        Assert.Equal(1, ledger.Books.CountHolds());
        ledger.Clock.Now += TimeSpan.FromTicks(10);
        await ledger.Books.RenewHostAsync(lease);
        AssertNothingHeld(ledger);
        var receipt = await PostAsync(ledger.Books, admission, new(1000, 0, 1000));
        await ledger.Books.VoidAsync(admission.Reservation!);
        Assert.Equal(receipt.Charge, ledger.Books.UnpaidCharges(key.CustomerId));
        AssertNothingHeld(ledger);
        // The stalled host goes on under its old lease.
        await ledger.Books.SetSpendingLimitAsync(key.CustomerId, Eur("1"));
        Assert.NotNull(Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, stalled)).Reservation);
    }

    [Fact]
    public async Task Days_and_months_begin_anew_in_the_ledgers_zone()
    {
        await using var ledger = await ReadyAsync(new(2026, 11, 29, 20, 0, 0, TimeSpan.Zero));
        await ledger.Books.SetZoneAsync("Africa/Nairobi");
        var key = await ledger.KeyAsync();
        var lease = await ledger.Books.BeginHostAsync("a");
        await ledger.UseAsync(key, 2000, 0, 0);
        // What was spent before the limit was set counts: 0.001 of the day's 0.003.
        await ledger.Books.SetLimitsAsync(new(key.Id, PerDay: Eur("0.003"), PerMonth: Eur("0.005")));
        await UseAsync("2026-11-29T20:30Z", 1000);
        await UseAsync("2026-11-29T20:59:59Z", null);
        await UseAsync("2026-11-29T21:00Z", 1000);
        await UseAsync("2026-11-30T20:59Z", null);
        await UseAsync("2026-11-30T21:00Z", 1000);

        async Task UseAsync(string at, int? affordable)
        {
            ledger.Clock.Now = DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture);
            var decision = await ReserveAsync(ledger.Books, key, lease);
            if (affordable is not { } tokens)
            {
                var refusal = Assert.IsType<AdmissionRefusal>(decision);
                Assert.Equal((AdmissionRefusalReason.InsufficientQuota, Eur("0")), (refusal.Reason, refusal.Left!.Value));
                Assert.Contains("00:00 Africa/Nairobi", refusal.Message, StringComparison.Ordinal);
                return;
            }
            var admission = Assert.IsType<Admission>(decision);
            Assert.Equal(tokens, admission.Reservation!.MaxTokens);
            await PostAsync(ledger.Books, admission, new(1000, 0, tokens));
        }
    }

    [Fact]
    public async Task A_limit_set_while_a_request_is_under_way_counts_it_when_it_is_posted()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var lease = await ledger.Books.BeginHostAsync("a");
        var before = ledger.Admit(key);
        await ledger.Books.SetLimitsAsync(new(key.CustomerId, PerDay: Eur("0.002")));
        await PostAsync(ledger.Books, before, new(1000, 0, 1000));
        Assert.IsType<AdmissionRefusal>(await ReserveAsync(ledger.Books, key, lease));
        await ledger.Books.SetLimitsAsync(new(key.CustomerId));
        Assert.Empty(ledger.Books.ListLimits());
        Assert.Null(Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease)).Reservation);
    }

    [Fact]
    public async Task No_minute_has_more_requests_or_tokens_than_its_limit_and_the_wait_named_is_the_shortest()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var lease = await ledger.Books.BeginHostAsync("a");
        await ledger.Books.SetLimitsAsync(new(key.Id, RequestsPerMinute: 5, TokensPerMinute: 9000));
        var random = new Random(7);
        var let = new List<(DateTimeOffset At, long Tokens)>();
        for (var i = 0; i < 300; i++)
        {
            ledger.Clock.Now += TimeSpan.FromMilliseconds(random.Next(0, 15_000));
            switch (await ReserveAsync(ledger.Books, key, lease, new(1000, 1, random.Next(1, 2000))))
            {
                case Admission admission:
                    var used = random.Next(0, admission.Reservation!.MaxTokens);
                    await PostAsync(ledger.Books, admission, new(1000, 0, used));
                    let.Add((ledger.Clock.Now, 1000 + used));
                    break;
                case AdmissionRefusal refusal:
                    Assert.Equal(AdmissionRefusalReason.RateLimited, refusal.Reason);
                    Assert.InRange(refusal.RetryAfter!.Value, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(61));
                    break;
            }
            var minute = let.Where(use => use.At > ledger.Clock.Now.AddMinutes(-1)).ToList();
            Assert.InRange(minute.Count, 0, 5);
            Assert.InRange(minute.Sum(use => use.Tokens), 0, 9000);
        }
        Assert.InRange(let.Count, 100, 299);

        // After the wait named, and not before, there is room.
        while (await ReserveAsync(ledger.Books, key, lease, new(1, 1, 1)) is Admission)
        {
        }
        var wait = Assert.IsType<AdmissionRefusal>(await ReserveAsync(ledger.Books, key, lease, new(1, 1, 1))).RetryAfter!.Value;
        ledger.Clock.Now += wait - TimeSpan.FromTicks(10);
        Assert.IsType<AdmissionRefusal>(await ReserveAsync(ledger.Books, key, lease, new(1, 1, 1)));
        ledger.Clock.Now += TimeSpan.FromTicks(10);
        Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease, new(1, 1, 1)));
    }

    [Fact]
    public async Task A_request_larger_than_a_minute_is_cut_to_it_or_refused_for_good()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var lease = await ledger.Books.BeginHostAsync("a");
        await ledger.Books.SetLimitsAsync(new(key.Id, TokensPerMinute: 1500));
        Assert.Equal(250, Assert.IsType<Admission>(await ReserveAsync(ledger.Books, key, lease, new(1000, 2, 1000))).Reservation!.MaxTokens);
        var refusal = Assert.IsType<AdmissionRefusal>(await ReserveAsync(ledger.Books, key, lease, new(1499, 2, 1000)));
        Assert.Equal(AdmissionRefusalReason.RequestTooLarge, refusal.Reason);
    }

    [Fact]
    public async Task Limits_that_make_no_sense_are_refused()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var dollar = Amount.Parse("1", Currency.Parse("USD"));
        Limits[] wrong =
        [
            new("cus_none", RequestsPerMinute: 1),
            new(key.Id, PerDay: dollar),
            new(key.CustomerId, PerMonth: dollar),
            new(ledger.App.Id, PerDay: dollar, PerMonth: Eur("1")),
            new(key.Id, PerDay: Eur("-1")),
            new(key.Id, RequestsPerMinute: 0),
            new(key.Id, TokensPerMinute: -5),
        ];
        foreach (var limits in wrong)
            await RefusedAsync(Refusal.InvalidLimits, () => ledger.Books.SetLimitsAsync(limits));
        await ledger.Books.SetLimitsAsync(new(ledger.App.Id, PerDay: dollar));
        var ofApp = await ledger.KeyAsync(ofApp: true);
        var decision = await ReserveAsync(ledger.Books, ofApp, await ledger.Books.BeginHostAsync("a"));
        Assert.Equal(AdmissionRefusalReason.CurrencyMismatch, Assert.IsType<AdmissionRefusal>(decision).Reason);
    }

    private static async Task<AdmissionDecision> ReserveAsync(Books books, ApiKey key, HostLease lease, TokenDemand? demand = null) =>
        books.Admit(key, Model) is Admission admission
            ? await books.ReserveAsync(admission, $"reserve-{Interlocked.Increment(ref _requests)}", demand ?? Demand, lease)
            : books.Admit(key, Model);

    private static Task<Receipt> PostAsync(Books books, Admission admission, TokenCounts counts) => books.PostAsync(new(
        admission, admission.Reservation?.RequestId ?? $"reserve-{Interlocked.Increment(ref _requests)}", Digest.Of("model"u8), counts,
        Outcome.Completed));

    private static void AssertNothingHeld(TestLedger ledger) => Assert.Equal(0, ledger.Books.CountHolds());
}
