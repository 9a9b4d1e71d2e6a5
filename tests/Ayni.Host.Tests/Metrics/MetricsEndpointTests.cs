using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary><c>/metrics</c>: vLLM's names with the right numbers, readable by a strict reader.</summary>
public sealed class MetricsEndpointTests
{
    private const string Body = """{"model":"tiny","prompt":"once upon","max_tokens":5,"seed":1""";

    // vLLM's, as its dashboards use them: name, type, its own bounds where it is a histogram of time.
    private static readonly (string Name, string Type)[] Expected =
    [
        ("vllm:num_requests_running", "gauge"), ("vllm:num_requests_waiting", "gauge"), ("vllm:kv_cache_usage_perc", "gauge"),
        ("vllm:gpu_cache_usage_perc", "gauge"), ("vllm:cache_config_info", "gauge"), ("vllm:prefix_cache_queries_total", "counter"),
        ("vllm:prefix_cache_hits_total", "counter"), ("vllm:prompt_tokens_total", "counter"), ("vllm:generation_tokens_total", "counter"),
        ("vllm:num_preemptions_total", "counter"), ("vllm:request_success_total", "counter"),
        ("vllm:spec_decode_num_draft_tokens_total", "counter"), ("vllm:spec_decode_num_accepted_tokens_total", "counter"),
        ("vllm:time_to_first_token_seconds", "histogram"), ("vllm:inter_token_latency_seconds", "histogram"),
        ("vllm:time_per_output_token_seconds", "histogram"), ("vllm:request_time_per_output_token_seconds", "histogram"),
        ("vllm:e2e_request_latency_seconds", "histogram"), ("vllm:request_queue_time_seconds", "histogram"),
        ("vllm:request_inference_time_seconds", "histogram"), ("vllm:request_prefill_time_seconds", "histogram"),
        ("vllm:request_decode_time_seconds", "histogram"), ("vllm:request_prompt_tokens", "histogram"),
        ("vllm:request_generation_tokens", "histogram"), ("vllm:iteration_tokens_total", "histogram"),
        ("ayni_http_responses_total", "counter"), ("ayni_receipts_total", "counter"), ("ayni_steps_total", "counter"),
        ("ayni_cache_blocks_used", "gauge"), ("ayni_managed_memory_bytes", "gauge"), ("ayni_oldest_unsigned_receipt_seconds", "gauge"),
        ("process_resident_memory_bytes", "gauge"),
        ("process_cpu_seconds_total", "counter"), ("process_start_time_seconds", "gauge"),
    ];

    [Fact]
    public async Task Every_name_is_there_with_its_type_and_the_models_labels()
    {
        await using var test = await TestHost.StartAsync();
        var metrics = await ReadAsync(test);
        Assert.Equal(
            Expected.Order(), metrics.Families.Select(family => (family.Name, family.Type)).Order());
        var ofModel = metrics.Families.Where(family => family.Name.StartsWith("vllm:", StringComparison.Ordinal));
        foreach (var sample in ofModel.SelectMany(family => family.Samples))
            Assert.Equal(("tiny", "0"), (sample.Labels["model_name"], sample.Labels["engine"]));
    }

    [Theory]
    [InlineData(
        "vllm:time_to_first_token_seconds",
        "0.001 0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.25 0.5 0.75 1.0 2.5 5.0 7.5 10.0 20.0 40.0 80.0 160.0 640.0 2560.0 +Inf")]
    [InlineData(
        "vllm:inter_token_latency_seconds",
        "0.01 0.025 0.05 0.075 0.1 0.15 0.2 0.3 0.4 0.5 0.75 1.0 2.5 5.0 7.5 10.0 20.0 40.0 80.0 +Inf")]
    [InlineData(
        "vllm:e2e_request_latency_seconds",
        "0.3 0.5 0.8 1.0 1.5 2.0 2.5 5.0 10.0 15.0 20.0 30.0 40.0 50.0 60.0 120.0 240.0 480.0 960.0 1920.0 7680.0 +Inf")]
    [InlineData("vllm:iteration_tokens_total", "1.0 8.0 16.0 32.0 64.0 128.0 256.0 512.0 1024.0 2048.0 4096.0 8192.0 16384.0 +Inf")]
    [InlineData("vllm:request_prompt_tokens", "1.0 2.0 5.0 10.0 20.0 50.0 100.0 200.0 500.0 +Inf")]
    public async Task Buckets_are_vLLMs(string name, string bounds)
    {
        await using var test = await TestHost.StartAsync();
        var buckets = (await ReadAsync(test))[name].Samples.Where(sample => sample.Name == name + "_bucket");
        Assert.Equal(bounds, string.Join(' ', buckets.Select(bucket => bucket.Labels["le"])));
    }

    [Fact]
    public async Task Numbers_are_those_of_the_requests()
    {
        await using var test = await TestHost.StartAsync(
            configure: options => options with { Engine = options.Engine with { Speculates = false } });
        (await test.PostAsync("/v1/completions", Body + "}")).Dispose();
        (await test.PostAsync("/v1/completions", Body + ""","stream":true}""")).Dispose();
        (await test.PostAsync("/v1/completions", Body + ""","n":2,"stop":["e"]}""")).Dispose();
        (await test.PostAsync("/v1/completions", "{")).Dispose();
        var receipts = test.Books.ListReceipts(new()).Receipts;
        var generated = receipts.Sum(receipt => receipt.Counts.Generated);
        var prompts = receipts.Sum(receipt => receipt.Counts.Prompt + receipt.Counts.Cached);

        var metrics = await ReadAsync(test);
        Assert.Equal(generated, metrics.Sum("vllm:generation_tokens_total"));
        Assert.Equal(prompts, metrics.Sum("vllm:prompt_tokens_total"));
        Assert.Equal(4, metrics.Sum("vllm:request_success_total"));
        Assert.True(metrics.Value("vllm:request_success_total", ("finished_reason", "length")) >= 2);
        Assert.Equal(0, metrics.Value("vllm:request_success_total", ("finished_reason", "abort")));
        foreach (var name in (string[])["time_to_first_token", "e2e_request_latency", "request_queue_time", "request_decode_time"])
            Assert.Equal(4, metrics.Value($"vllm:{name}_seconds_count"));
        Assert.Equal(4, metrics.Value("vllm:request_generation_tokens_count"));
        Assert.Equal(generated, metrics.Value("vllm:request_generation_tokens_sum"));
        // Every token but each answer's first comes after another.
        Assert.Equal(generated - 4, metrics.Value("vllm:inter_token_latency_seconds_count"));
        Assert.Equal(metrics.Value("vllm:inter_token_latency_seconds_sum"), metrics.Value("vllm:time_per_output_token_seconds_sum"));
        Assert.Equal(metrics.Sum("ayni_steps_total"), metrics.Value("vllm:iteration_tokens_total_count"));
        Assert.Equal(3, metrics.Value("ayni_http_responses_total", ("status", "200")));
        Assert.Equal(1, metrics.Value("ayni_http_responses_total", ("status", "400")));
        Assert.Equal(3, metrics.Value("ayni_receipts_total", ("outcome", "completed")));
        string[] zero = ["vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc", "ayni_cache_blocks_used"];
        Assert.All(zero, name => Assert.Equal(0, metrics.Sum(name)));
        Assert.True(metrics.Sum("process_resident_memory_bytes") > 1 << 20);
    }

    [Fact]
    public async Task A_running_and_a_waiting_request_are_shown_and_a_cancelled_one_counted()
    {
        await using var test = await TestHost.StartAsync(
            TinyModel.Slow, options => options with { Engine = options.Engine with { MaxSequences = 1 } });
        const string Long = """{"model":"tiny","prompt":"a","max_tokens":4000,"stream":true}""";
        using var leaving = new CancellationTokenSource();
        using (await test.OpenStreamAsync("/v1/completions", Long))
        {
            var waiting = test.OpenStreamAsync("/v1/completions", Long, leaving.Token);
            while (test.Host.Engine!.QueuedCount == 0)
                await Task.Delay(2);
            var metrics = await ReadAsync(test);
            Assert.Equal((1, 1), (metrics.Sum("vllm:num_requests_running"), metrics.Sum("vllm:num_requests_waiting")));
            Assert.InRange(metrics.Sum("vllm:kv_cache_usage_perc"), 0.0001, 1);
            Assert.True(metrics.Value("ayni_cache_blocks_used", ("attention", "global")) > 0);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }
        while (test.Host.Engine.Counters.Ended(FinishReason.Cancelled) < 2)
            await Task.Delay(2);
        Assert.Equal(2, (await ReadAsync(test)).Value("vllm:request_success_total", ("finished_reason", "abort")));
    }

    [Fact]
    public async Task Hosts_in_one_process_do_not_mix_their_numbers()
    {
        await using var busy = await TestHost.StartAsync();
        await using var idle = await TestHost.StartAsync();
        (await busy.PostAsync("/v1/completions", Body + "}")).Dispose();
        Assert.Equal(1, (await ReadAsync(busy)).Value("vllm:e2e_request_latency_seconds_count"));
        Assert.Equal(0, (await ReadAsync(idle)).Value("vllm:e2e_request_latency_seconds_count"));
    }

    [Fact]
    public async Task It_needs_no_key_answers_while_loading_and_minds_the_Host_header()
    {
        using var gate = new ManualResetEventSlim();
        await using var test = await TestHost.BeginAsync(beforeLoading: gate.Wait);
        using (var response = await test.Http.GetAsync("/metrics"))
        {
            Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
            Assert.False(Exposition.Parse(await response.Content.ReadAsStringAsync()).Has("vllm:num_requests_running"));
        }
        gate.Set();
        await test.Host.Ready;
        Assert.True((await ReadAsync(test)).Has("vllm:num_requests_running"));

        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        foreign.Headers.Host = "evil.example";
        using var refused = await test.Http.SendAsync(foreign);
        Assert.Equal(403, (int)refused.StatusCode);
    }

    [Fact]
    public async Task OpenTelemetry_would_take_every_instrument()
    {
        var instruments = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            lock (instruments)
            {
                if (instrument.Meter.Name is LlamaEngine.MeterName or "Ayni.Host")
                    instruments.Add(instrument);
            }
        };
        listener.Start();
        await using var test = await TestHost.StartAsync();
        (await test.Http.GetAsync("/metrics")).Dispose();
        lock (instruments)
        {
            Assert.Contains(instruments, instrument => instrument.Name == "vllm.time_to_first_token_seconds");
            // The names that OpenTelemetry's specification allows; its SDK ignores others.
            Assert.All(instruments, instrument => Assert.Matches(new Regex("^[A-Za-z][A-Za-z0-9_./-]{0,254}$"), instrument.Name));
        }
    }

    private static async Task<Exposition> ReadAsync(TestHost test)
    {
        using var http = new HttpClient { BaseAddress = test.Host.Address };
        return Exposition.Parse(await http.GetStringAsync("/metrics"));
    }
}
