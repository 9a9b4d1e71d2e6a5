using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using Ayni.Tests;

namespace Ayni.Bench;

/// <summary>What is asked of a host, and how much.</summary>
/// <param name="Url">Where it is.</param>
/// <param name="Key">A key of its.</param>
/// <param name="Model">The model's name.</param>
/// <param name="ContextLength">Its context, in tokens.</param>
/// <param name="BodyLimitBytes">The largest body it reads.</param>
internal sealed record LoadTarget(Uri Url, string Key, string Model, int ContextLength, int BodyLimitBytes);

/// <summary>
/// Many clients at once, of all kinds, until so many requests are through or the time is up; then whatever is left behind is looked for.
/// </summary>
internal sealed class LoadRun(LoadTarget target, int requests, int clients, int seed, TimeSpan limit, Func<long> residentBytes)
{
    private const int MostProblems = 20;
    private const int Samples = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealthPause = TimeSpan.FromMilliseconds(10);

    // What must be zero when nobody asks for anything any more.
    private static readonly string[] Leftovers =
        ["vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc", "ayni_cache_blocks_used"];

    private readonly ConcurrentDictionary<string, int> _endings = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _problems = new();
    private readonly List<(double Seconds, long Bytes)> _resident = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private int _begun;
    private int _ended;
    private int _problemCount;

    public async Task<LoadReport> RunAsync()
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 2 * clients };
        using var http = new HttpClient(handler) { BaseAddress = target.Url, Timeout = TimeSpan.FromMinutes(5) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", target.Key);
        LoadClient[] all = [.. Enumerable.Range(0, clients).Select(_ => new LoadClient(http))];
        using var end = new CancellationTokenSource();
        var health = Task.Run(() => AskHealthAsync(http, end.Token));
        await Task.WhenAll(all.Select(client => Task.Run(() => SendManyAsync(client)))).ConfigureAwait(false);
        var seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        await end.CancelAsync().ConfigureAwait(false);
        var metrics = await WaitForIdleAsync(http).ConfigureAwait(false);
        return new LoadReport
        {
            Requests = _ended,
            Clients = clients,
            Seed = seed,
            Seconds = seconds,
            Endings = _endings.OrderBy(ending => ending.Key, StringComparer.Ordinal).ToDictionary(ending => ending.Key, ending => ending.Value),
            ProblemCount = _problemCount,
            Problems = [.. _problems],
            Left = Leftovers.Where(name => metrics.Sum(name) != 0).ToDictionary(name => name, metrics.Sum),
            GeneratedTokens = (long)metrics.Sum("vllm:generation_tokens_total"),
            InterToken = Quantiles.Of(all.SelectMany(client => client.InterTokenSeconds)),
            FirstToken = Quantiles.Of(all.SelectMany(client => client.FirstTokenSeconds)),
            Health = Quantiles.Of(await health.ConfigureAwait(false)),
            Resident = ResidentMemory.Of(_resident),
        };
    }

    private async Task SendManyAsync(LoadClient client)
    {
        for (int number; (number = Interlocked.Increment(ref _begun)) <= requests && Stopwatch.GetElapsedTime(_start) < limit;)
        {
            var request = new LoadRequest(target.Model, target.ContextLength, target.BodyLimitBytes, seed, number);
            var (ending, problem) = await client.SendAsync(request).ConfigureAwait(false);
            _endings.AddOrUpdate($"{request.Kind}: {ending}", 1, (_, count) => count + 1);
            if (problem is not null && Interlocked.Increment(ref _problemCount) <= MostProblems)
                _problems.Enqueue($"request {number}: {problem}");
            Sample(Interlocked.Increment(ref _ended));
        }
    }

    /// <summary>Asks whether the host serves, again and again until the end, and returns how long each answer took.</summary>
    private static async Task<List<double>> AskHealthAsync(HttpClient http, CancellationToken end)
    {
        var seconds = new List<double>();
        while (!end.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            using (var response = await http.GetAsync(new Uri("/healthz", UriKind.Relative), CancellationToken.None).ConfigureAwait(false))
                response.EnsureSuccessStatusCode();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            await Task.Delay(HealthPause, CancellationToken.None).ConfigureAwait(false);
        }
        return seconds;
    }

    private void Sample(int ended)
    {
        if (ended % Math.Max(1, requests / Samples) != 0)
            return;
        var bytes = residentBytes();
        lock (_resident)
            _resident.Add((Stopwatch.GetElapsedTime(_start).TotalSeconds, bytes));
    }

    /// <summary>What the host measures once nothing is under way, or after a while.</summary>
    private static async Task<Exposition> WaitForIdleAsync(HttpClient http)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var metrics = Exposition.Parse(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)).ConfigureAwait(false));
            if (Leftovers.All(name => metrics.Sum(name) == 0) || Stopwatch.GetElapsedTime(start) > Patience)
                return metrics;
            await Task.Delay(100).ConfigureAwait(false);
        }
    }
}
