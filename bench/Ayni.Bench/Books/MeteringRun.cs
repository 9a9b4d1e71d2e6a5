using System.Collections.Concurrent;
using System.Diagnostics;
using Ayni.Ledger;

namespace Ayni.Bench;

/// <summary>
/// Sends requests at a steady rate, whether or not those before were answered, to an engine that answers at once: one second metered and
/// one second not, in turn, so that both meet the same machine.
/// </summary>
/// <param name="place">Where the ledger is made.</param>
/// <param name="keyCount">Keys that the requests come by.</param>
/// <param name="perSecond">Requests a second.</param>
/// <param name="seconds">Seconds of each kind that count, after two that warm up.</param>
internal sealed class MeteringRun(string place, int keyCount, int perSecond, int seconds)
{
    private const int WarmUpSeconds = 2;

    private readonly ConcurrentBag<double> _without = [];
    private readonly ConcurrentBag<double> _with = [];

    public async Task<MeteringReport> RunAsync(string name, string folder)
    {
        await using var books = Books.Open(place, TimeProvider.System);
        var keys = await BenchBooks.EnterAsync(books, keyCount).ConfigureAwait(false);
        var lease = await books.BeginHostAsync("bench").ConfigureAwait(false);
        for (var second = 0; second < 2 * (WarmUpSeconds + seconds); second++)
        {
            var latencies = second < 2 * WarmUpSeconds ? [] : second % 2 == 0 ? _without : _with;
            await SendAsync(latencies, i => second % 2 == 0 ? AnswerAsync() : MeterAsync(books, keys[i % keys.Length].Text, lease)).ConfigureAwait(false);
        }
        await books.EndHostAsync(lease).ConfigureAwait(false);
        return new(name, keyCount, perSecond, Quantiles.Of(_without), Quantiles.Of(_with), Quantiles.Of(Flushes(folder)));
    }

    /// <summary>A second's requests, each at its time; waits for their answers.</summary>
    private async Task SendAsync(ConcurrentBag<double> latencies, Func<int, Task> answer)
    {
        var requests = new List<Task>(perSecond);
        var watch = Stopwatch.StartNew();
        // A thread of its own: the runtime's timers come some 5 ms apart, and would send the requests of so long at once.
        await Task.Factory.StartNew(Send, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        await Task.WhenAll(requests).ConfigureAwait(false);

        void Send()
        {
            while (requests.Count < perSecond)
            {
                for (var due = (int)(watch.Elapsed.TotalSeconds * perSecond) + 1; requests.Count < Math.Min(due, perSecond);)
                {
                    var number = requests.Count;
                    requests.Add(Task.Run(async () =>
                    {
                        await answer(number).ConfigureAwait(false);
                        latencies.Add(watch.Elapsed.TotalSeconds - (double)number / perSecond);
                    }));
                }
                Thread.Sleep(1);
            }
        }
    }

    /// <summary>The engine.</summary>
    private static async Task AnswerAsync() => await Task.Yield();

    /// <summary>What a host asks of the ledger for a request.</summary>
    private static async Task MeterAsync(Books books, string presented, HostLease lease)
    {
        var key = books.Authenticate(presented) ?? throw new InvalidOperationException("A key is not known.");
        var request = $"req_{Guid.CreateVersion7():N}";
        var admission = (Admission)await books.LetInAsync(key, BenchBooks.Model, request, new(500, 1, 200), lease).ConfigureAwait(false);
        await AnswerAsync().ConfigureAwait(false);
        await books.PostAsync(new(admission, request, BenchBooks.ModelDigest, new(400, 100, 150), Outcome.Completed)).ConfigureAwait(false);
    }

    /// <summary>How long it takes to write a page and flush it, some hundred times.</summary>
    private static List<double> Flushes(string folder)
    {
        var path = Path.Combine(folder, $"ayni-flush-{Guid.NewGuid():N}");
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            var page = new byte[4096];
            var seconds = new List<double>();
            for (var i = 0; i < 500; i++)
            {
                var start = Stopwatch.GetTimestamp();
                file.Write(page);
                file.Flush(flushToDisk: true);
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            return seconds;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
