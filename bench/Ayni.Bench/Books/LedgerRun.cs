using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Ayni.Ledger;

namespace Ayni.Bench;

/// <summary>Posts receipts as fast as they become durable, each after its reservation.</summary>
/// <param name="place">Where the ledger is made.</param>
/// <param name="keyCount">Keys, each of a customer of its own with a spending limit.</param>
/// <param name="clients">Clients at a time; each waits for its receipt to be on disk before it asks again.</param>
/// <param name="extraPostings">Postings of each receipt beyond the two of a charge.</param>
/// <param name="receiptLimit">The end by count.</param>
/// <param name="timeLimit">The end by time.</param>
internal sealed class LedgerRun(string place, int keyCount, int clients, int extraPostings, long receiptLimit, TimeSpan timeLimit)
{
    private const int LatencySamples = 100_000;

    private static readonly Period Month = new(2026, 11);

    private readonly ShiftedClock _clock = new(new(2026, 11, 15, 0, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentBag<double> _latencies = [];
    private readonly List<LedgerGrowth> _growth = [];
    private long _posted;

    public async Task<LedgerReport> RunAsync(string name, bool close, bool audit, Action<string> say)
    {
        await using var books = Books.Open(place, _clock);
        var keys = await BenchBooks.EnterAsync(books, keyCount).ConfigureAwait(false);
        var admissions = keys.Select(key => (Admission)books.Admit(key.Key, BenchBooks.Model)).ToArray();
        var lease = await books.BeginHostAsync("bench").ConfigureAwait(false);
        var flushes = books.FlushCount;
        var (watch, processor) = (Stopwatch.StartNew(), Processor());
        var growing = GrowAsync(watch, say);
        var posting = Enumerable.Range(0, clients).Select(client => Task.Run(() => PostAsync(books, admissions, lease, client, watch)));
        await Task.WhenAll(posting).ConfigureAwait(false);
        var (seconds, used) = (watch.Elapsed.TotalSeconds, Processor() - processor);
        await growing.ConfigureAwait(false);
        var posted = Math.Min(_posted, receiptLimit);
        var closed = close ? await CloseAsync(books, say).ConfigureAwait(false) : null;
        return new(
            name, keyCount, clients, 2 + extraPostings, posted, seconds, posted / seconds, used.TotalMicroseconds / posted,
            Quantiles.Of([.. _latencies]), books.FlushCount - flushes, _growth, closed, audit ? books.Audit() : null);
    }

    private static TimeSpan Processor() => Process.GetCurrentProcess().TotalProcessorTime;

    private async Task PostAsync(Books books, Admission[] admissions, HostLease lease, int client, Stopwatch watch)
    {
        for (var i = client; watch.Elapsed < timeLimit; i += clients)
        {
            if (Interlocked.Increment(ref _posted) > receiptLimit)
                return;
            // As a host does: let in and named as they come, in order of time.
            var now = _clock.GetUtcNow().ToWholeMicroseconds();
            var admitted = admissions[i % admissions.Length] with { AdmittedAt = now };
            var request = $"req_{Guid.CreateVersion7(now):N}";
            var asked = Stopwatch.GetTimestamp();
            var decision = await books.ReserveAsync(admitted, request, new(500, 1, 200), lease).ConfigureAwait(false);
            if (decision is not Admission admission)
                throw new InvalidOperationException($"A reservation was refused: {decision}");
            var usage = new Usage(admission, request, BenchBooks.ModelDigest, new(400 + i % 100, 100, 150 + i % 50), Outcome.Completed);
            await books.PostAsync(usage, extraPostings).ConfigureAwait(false);
            if (_latencies.Count < LatencySamples)
                _latencies.Add(Stopwatch.GetElapsedTime(asked).TotalSeconds);
        }
    }

    /// <summary>Notes the rate at each power of ten.</summary>
    private async Task GrowAsync(Stopwatch watch, Action<string> say)
    {
        var (count, seconds, processor) = (0L, 0.0, Processor());
        for (var next = 10_000L; next <= receiptLimit && watch.Elapsed < timeLimit; next *= 10)
        {
            while (Volatile.Read(ref _posted) < next)
            {
                if (watch.Elapsed > timeLimit)
                    return;
                await Task.Delay(20).ConfigureAwait(false);
            }
            var (countNow, secondsNow, processorNow) = (Volatile.Read(ref _posted), watch.Elapsed.TotalSeconds, Processor());
            var growth = new LedgerGrowth(
                next, (countNow - count) / (secondsNow - seconds), (processorNow - processor).TotalMicroseconds / (countNow - count));
            _growth.Add(growth);
            say(string.Create(
                CultureInfo.InvariantCulture,
                $"up to {next} receipts: {growth.PerSecond:f0} a second, {growth.ProcessorMicroseconds:f1} us of this process each"));
            (count, seconds, processor) = (countNow, secondsNow, processorNow);
        }
    }

    private async Task<LedgerClose> CloseAsync(Books books, Action<string> say)
    {
        _clock.JumpTo(Month.End);
        GC.Collect();
        using var done = new CancellationTokenSource();
        var peak = Task.Run(async () =>
        {
            long most = 0;
            using var process = Process.GetCurrentProcess();
            while (!done.IsCancellationRequested)
            {
                process.Refresh();
                most = Math.Max(most, process.WorkingSet64);
                await Task.Delay(50).ConfigureAwait(false);
            }
            return most;
        });
        var watch = Stopwatch.StartNew();
        await books.ClosePeriodAsync(Month).ConfigureAwait(false);
        var seconds = watch.Elapsed.TotalSeconds;
        await done.CancelAsync().ConfigureAwait(false);
        say(string.Create(CultureInfo.InvariantCulture, $"closed in {seconds:f1} s"));
        return new(seconds, await peak.ConfigureAwait(false));
    }
}
