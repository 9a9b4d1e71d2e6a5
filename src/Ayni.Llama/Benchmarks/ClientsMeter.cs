using System.Collections.Immutable;
using System.Diagnostics;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Times many clients of an engine whose prompts begin alike: a system prompt of 300 tokens, 50 to 200 of their own, and answers of 64 that
/// are given and not sampled, so that everybody who is measured computes the same. Used while no other engine uses the model.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="clients">Clients, each with one request; at least 2.</param>
/// <param name="cacheType">How keys and values are stored.</param>
public sealed class ClientsMeter(LlamaModel model, int clients, CacheType cacheType)
{
    /// <summary>Tokens of the system prompt.</summary>
    public const int SystemTokens = 300;

    /// <summary>Tokens of an answer.</summary>
    public const int AnswerTokens = 64;

    private const int LeastOwn = 50;
    private const int MostOwn = 200;
    private const int StepTokens = 512;

    /// <summary>Tokens of each client's own: from 50 to 200, short and long in turn.</summary>
    public static ImmutableArray<int> OwnTokens(int clients) =>
        [.. Enumerable.Range(0, clients).Select(i => LeastOwn + (MostOwn - LeastOwn) * (i * 29 % clients) / Math.Max(1, clients - 1))];

    /// <summary>Seconds until all are served, who come at once.</summary>
    public async Task<double> TogetherAsync(CancellationToken cancellationToken)
    {
        await using var engine = Start(clients);
        var start = Stopwatch.GetTimestamp();
        var generations = Enumerable.Range(0, clients).Select(i => engine.Submit(Request(i, share: ""), cancellationToken)).ToArray();
        foreach (var generation in generations)
            await generation.Completion.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Seconds until all are served, who come one after another: the first, and the mean of some others for the rest.</summary>
    /// <param name="sharesBeginning">Whether the system prompt is found in the cache after the first.</param>
    /// <param name="measured">So many are measured; at least 2.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<double> OneAfterAnotherAsync(bool sharesBeginning, int measured, CancellationToken cancellationToken)
    {
        measured = Math.Min(measured, clients);
        await using var engine = Start(1);
        var (first, others) = (0.0, 0.0);
        for (var i = 0; i < measured; i++)
        {
            var start = Stopwatch.GetTimestamp();
            var request = Request(i * clients / measured, sharesBeginning ? "" : $"{i}");
            await engine.Submit(request, cancellationToken).Completion.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            (first, others) = i == 0 ? (seconds, 0) : (first, others + seconds);
        }
        return first + others / (measured - 1) * (clients - 1);
    }

    private LlamaEngine Start(int sequences)
    {
        var options = new EngineOptions
        {
            ContextLength = SystemTokens + MostOwn + AnswerTokens + 1,
            MaxSequences = sequences,
            QueueLimit = clients,
            StepTokens = StepTokens,
            CacheBytes = long.MaxValue,
            CacheType = cacheType,
            Speculates = false,
        };
        return new LlamaEngine(model, options, TimeProvider.System);
    }

    private GenerationRequest Request(int client, string share) => new()
    {
        Prompt = [.. Ids(0, SystemTokens), .. Ids(client + 1, OwnTokens(clients)[client])],
        ForcedOutput = Ids(client + clients + 1, AnswerTokens),
        MaxTokens = AnswerTokens,
        Sampling = SamplingParameters.Greedy,
        IgnoreEndOfText = true,
        CacheShare = share,
    };

    private ImmutableArray<int> Ids(int salt, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (int)((i * 7919L + salt * 101L + 13) % ThroughputMeter.IdsOf(model)))];
}
