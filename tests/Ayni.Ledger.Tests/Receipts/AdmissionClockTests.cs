namespace Ayni.Ledger.Tests;

public sealed class AdmissionClockTests
{
    private readonly ManualClock _machine = new(TestLedger.November);

    [Fact]
    public void Time_never_runs_backwards_by_a_little_and_is_refused_by_more()
    {
        var clock = new AdmissionClock(_machine);
        Assert.True(clock.TryNow(out var first, out _));
        _machine.Now -= TimeSpan.FromSeconds(2);
        Assert.True(clock.TryNow(out var second, out _));
        Assert.Equal(first, second);
        _machine.Now -= TimeSpan.FromMilliseconds(1);
        Assert.False(clock.TryNow(out _, out var problem));
        Assert.Contains("2026-11-05 11:59:57Z and was 2026-11-05 12:00:00Z", problem, StringComparison.Ordinal);
        _machine.Now = first.AddSeconds(1);
        Assert.True(clock.TryNow(out var third, out _));
        Assert.Equal(first.AddSeconds(1), third);
    }

    [Theory]
    [InlineData(2.0, true)]
    [InlineData(-2.0, true)]
    [InlineData(2.001, false)]
    [InlineData(-3600, false)]
    public void More_than_two_seconds_off_the_databases_clock_is_refused(double seconds, bool isFine)
    {
        var clock = new AdmissionClock(_machine);
        clock.Compare(_machine.Now.AddSeconds(seconds));
        Assert.Equal(isFine, clock.TryNow(out _, out var problem));
        Assert.Equal(isFine, problem.Length == 0);
        clock.Compare(_machine.Now);
        Assert.True(clock.TryNow(out _, out _));
    }

    [Fact]
    public void Many_threads_see_time_in_order()
    {
        var clock = new AdmissionClock(TimeProvider.System);
        var latest = 0L;
        Parallel.For(0, 20_000, _ =>
        {
            var before = Volatile.Read(ref latest);
            Assert.True(clock.TryNow(out var now, out var _));
            Assert.True(now.Ticks >= before);
            for (var seen = Volatile.Read(ref latest); now.Ticks > seen; seen = Volatile.Read(ref latest))
                Interlocked.CompareExchange(ref latest, now.Ticks, seen);
        });
    }

    [Fact]
    public async Task A_host_whose_clock_is_behind_the_ledger_lets_nobody_in()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 0, 0);
        ledger.Clock.Now -= TimeSpan.FromDays(1);
        await ledger.ReopenAsync();
        var refusal = Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, TestLedger.Model));
        Assert.Equal(AdmissionRefusalReason.ClockSkewed, refusal.Reason);
        ledger.Clock.Now += TimeSpan.FromDays(1);
        ledger.Admit(key);
    }

    [Fact]
    public async Task Nobody_is_let_in_before_what_a_run_that_crashed_let_in_and_this_one_posted()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 0, 0);
        ledger.Clock.Now += TimeSpan.FromMinutes(1);
        var usage = ledger.Usage(key, 1, 0, 0);
        await ledger.ReopenAsync();
        await ledger.Books.PostAsync(usage);
        ledger.Clock.Now -= TimeSpan.FromSeconds(30);
        var refusal = Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, TestLedger.Model));
        Assert.Equal(AdmissionRefusalReason.ClockSkewed, refusal.Reason);
    }

    [Fact]
    public async Task A_run_goes_on_from_the_latest_admission_although_it_was_recorded_by_a_clock_behind()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        // A host whose clock is 2 s ahead of the server's, and then one whose clock is 2 s behind.
        ledger.Clock.Now += TimeSpan.FromSeconds(2);
        var usage = ledger.Usage(key, 1, 0, 0);
        ledger.Clock.Now -= TimeSpan.FromSeconds(2);
        var receipt = await ledger.Books.PostAsync(usage);
        for (var i = 0; i < 3; i++)
            await ledger.Books.PostAsync(ledger.Usage(key, 1, 0, 0) with { Admission = ledger.Admit(key) with { AdmittedAt = TestLedger.November } });
        await ledger.ReopenAsync();
        Assert.Equal(receipt.AdmittedAt, ledger.Admit(key).AdmittedAt);
        ledger.Clock.Now -= TimeSpan.FromMilliseconds(1);
        Assert.IsType<AdmissionRefusal>(ledger.Books.Admit(key, TestLedger.Model));
    }
}
