using System.Diagnostics.Metrics;

namespace Ayni.Llama;

/// <summary>
/// What an engine measures, as instruments of .NET, which OpenTelemetry and any <see cref="MeterListener"/> see. Names and buckets are
/// vLLM's (<c>vllm/v1/metrics/loggers.py</c>), with a dot for its colon, which OpenTelemetry allows in no name. Distributions are recorded
/// by the scheduler's thread as they happen, without a tag or an allocation; counts and states are read when somebody asks.
/// </summary>
internal sealed class EngineMetrics : IDisposable
{
    private static readonly double[] FirstTokenBuckets =
        [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560];

    private static readonly double[] TokenBuckets =
        [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    private static readonly double[] RequestBuckets =
        [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    private static readonly long[] StepBuckets = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

    private readonly Meter _meter;
    private readonly TimeProvider _clock;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _interToken;
    private readonly Histogram<double> _outputToken;
    private readonly Histogram<double> _requestOutputToken;
    private readonly Histogram<double> _total;
    private readonly Histogram<double> _queue;
    private readonly Histogram<double> _inference;
    private readonly Histogram<double> _prefill;
    private readonly Histogram<double> _decode;
    private readonly Histogram<long> _promptTokens;
    private readonly Histogram<long> _generatedTokens;
    private readonly Histogram<long> _stepTokens;

    /// <summary>Creates the distributions.</summary>
    /// <param name="model">The model's name, a tag of every instrument.</param>
    /// <param name="contextLength">The longest sequence, in tokens.</param>
    /// <param name="clock">Whose timestamps are recorded.</param>
    /// <param name="meters">Makes the meter; null for one that is nobody's else.</param>
    public EngineMetrics(string model, int contextLength, TimeProvider clock, IMeterFactory? meters)
    {
        var options = new MeterOptions(LlamaEngine.MeterName) { Tags = [new("model_name", model), new("engine", "0")] };
        _meter = meters?.Create(options) ?? new Meter(options);
        _clock = clock;
        var lengths = LengthBuckets(contextLength);
        _firstToken = Seconds("time_to_first_token_seconds", "Histogram of time to first token in seconds.", FirstTokenBuckets);
        _interToken = Seconds("inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", TokenBuckets);
        _outputToken = Seconds("time_per_output_token_seconds", "The older name of vllm:inter_token_latency_seconds.", TokenBuckets);
        _requestOutputToken = Seconds(
            "request_time_per_output_token_seconds", "Histogram of time per output token of a request in seconds.", TokenBuckets);
        _total = Seconds("e2e_request_latency_seconds", "Histogram of end-to-end request latency in seconds.", RequestBuckets);
        _queue = Seconds("request_queue_time_seconds", "Histogram of time spent waiting in seconds.", RequestBuckets);
        _inference = Seconds("request_inference_time_seconds", "Histogram of time spent running in seconds.", RequestBuckets);
        _prefill = Seconds("request_prefill_time_seconds", "Histogram of time spent on the prompt in seconds.", RequestBuckets);
        _decode = Seconds("request_decode_time_seconds", "Histogram of time spent after the first token in seconds.", RequestBuckets);
        _promptTokens = Tokens("request_prompt_tokens", "Histogram of prompt lengths in tokens.", lengths);
        _generatedTokens = Tokens("request_generation_tokens", "Histogram of answer lengths in tokens.", lengths);
        _stepTokens = Tokens("iteration_tokens_total", "Histogram of tokens computed in a step.", StepBuckets);
    }

    /// <summary>Creates the counts and states, which are read from the engine and its cache.</summary>
    public void Observe(LlamaEngine engine, KeyValueCache cache)
    {
        var counters = engine.Counters;
        Count("prompt_tokens", "Prompt tokens of admitted requests.", () => counters.PromptTokens);
        Count("generation_tokens", "Tokens generated.", () => counters.GeneratedTokens);
        Count("prefix_cache_queries", "Prompt tokens looked for in the cache.", () => counters.PromptTokens);
        Count("prefix_cache_hits", "Prompt tokens found in the cache.", () => counters.CachedTokens);
        Count("num_preemptions", "Requests that yielded their cache blocks.", () => counters.Preemptions);
        Count("spec_decode_num_draft_tokens", "Tokens guessed.", () => counters.DraftedTokens);
        Count("spec_decode_num_accepted_tokens", "Guesses that held.", () => counters.AcceptedTokens);
        _meter.CreateObservableCounter("vllm.request_success", () => EndsOf(counters), "{request}", "Requests that ended, by reason.");
        _meter.CreateObservableCounter("ayni.steps", () => counters.Steps, "{step}", "Forward passes.");

        Show("num_requests_running", "Requests being computed.", "{request}", () => engine.RunningCount);
        Show("num_requests_waiting", "Requests waiting to be computed.", "{request}", () => engine.QueuedCount);
        Show("kv_cache_usage_perc", "Share of the cache's blocks in use, from 0 to 1.", "1", () => UsageOf(cache));
        Show("gpu_cache_usage_perc", "The older name of vllm:kv_cache_usage_perc.", "1", () => UsageOf(cache));
        var shape = new Measurement<long>(
            1, new("block_size", $"{KeyValueCache.BlockTokens}"), new("num_gpu_blocks", $"{cache.BlockCount}"));
        _meter.CreateObservableGauge("vllm.cache_config_info", () => shape, "1", "The cache's shape; always 1.");
        _meter.CreateObservableGauge("ayni.cache_blocks_used", () => BlocksOf(cache), "{block}", "Cache blocks that requests own.");
    }

    /// <summary>A step computed so many tokens.</summary>
    public void NoteStep(int tokens) => _stepTokens.Record(tokens);

    /// <summary>A sequence has new tokens, by the clock's timestamps.</summary>
    /// <param name="submitted">When it was submitted.</param>
    /// <param name="before">When it had the last token before; 0 if these are its first.</param>
    /// <param name="now">When it had these.</param>
    public void NoteTokens(long submitted, long before, long now)
    {
        if (before == 0)
        {
            _firstToken.Record(_clock.GetElapsedTime(submitted, now).TotalSeconds);
            return;
        }
        var seconds = _clock.GetElapsedTime(before, now).TotalSeconds;
        _interToken.Record(seconds);
        _outputToken.Record(seconds);
    }

    /// <summary>A sequence ended, however it did.</summary>
    /// <param name="promptLength">Its prompt's tokens.</param>
    /// <param name="result">What it came to.</param>
    /// <param name="total">Time since it was submitted.</param>
    public void NoteEnd(int promptLength, GenerationResult result, TimeSpan total)
    {
        _total.Record(total.TotalSeconds);
        _queue.Record(result.Queued.TotalSeconds);
        _promptTokens.Record(promptLength);
        _generatedTokens.Record(result.Usage.Generated);
        if (result.Usage.Generated == 0)
            return;
        _prefill.Record(result.Prefill.TotalSeconds);
        _decode.Record(result.Decode.TotalSeconds);
        _inference.Record((result.Prefill + result.Decode).TotalSeconds);
        if (result.Usage.Generated > 1)
            _requestOutputToken.Record(result.Decode.TotalSeconds / (result.Usage.Generated - 1));
    }

    public void Dispose() => _meter.Dispose();

    /// <summary>1, 2, 5, 10, 20, 50 and so on, up to the longest there can be.</summary>
    private static long[] LengthBuckets(int longest)
    {
        var buckets = new List<long>();
        for (long power = 1; ; power *= 10)
        {
            foreach (var bucket in (ReadOnlySpan<long>)[power, 2 * power, 5 * power])
            {
                if (bucket > longest)
                    return [.. buckets];
                buckets.Add(bucket);
            }
        }
    }

    private static Measurement<long>[] EndsOf(EngineCounters counters) =>
    [
        new(counters.Ended(FinishReason.Stop), new KeyValuePair<string, object?>("finished_reason", "stop")),
        new(counters.Ended(FinishReason.Length), new KeyValuePair<string, object?>("finished_reason", "length")),
        new(counters.Ended(FinishReason.Cancelled), new KeyValuePair<string, object?>("finished_reason", "abort")),
        new(counters.Failed, new KeyValuePair<string, object?>("finished_reason", "error")),
    ];

    private static Measurement<long>[] BlocksOf(KeyValueCache cache) =>
    [
        new(cache.BlockCount - cache.FreeBlockCount, new KeyValuePair<string, object?>("attention", "global")),
        new(cache.LocalBlockCount - cache.FreeLocalBlockCount, new KeyValuePair<string, object?>("attention", "local")),
    ];

    private static double UsageOf(KeyValueCache cache) => 1 - (double)cache.FreeBlockCount / Math.Max(1, cache.BlockCount);

    private Histogram<double> Seconds(string name, string description, double[] buckets) =>
        _meter.CreateHistogram(
            "vllm." + name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });

    private Histogram<long> Tokens(string name, string description, long[] buckets) =>
        _meter.CreateHistogram(
            "vllm." + name, "{token}", description, null, new InstrumentAdvice<long> { HistogramBucketBoundaries = buckets });

    private void Count(string name, string description, Func<long> read) =>
        _meter.CreateObservableCounter("vllm." + name, read, null, description);

    private void Show<T>(string name, string description, string unit, Func<T> read)
        where T : struct => _meter.CreateObservableGauge("vllm." + name, read, unit, description);
}
