using System.Collections.Immutable;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class EngineTests : IDisposable
{
    private readonly TemporaryModel _file = new(TinyModel.Slow);
    private readonly LlamaModel _model;

    public EngineTests() => _model = LlamaModel.Load(_file.Path, KernelTier.Simd, 2);

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Theory]
    [InlineData(CacheType.F32)]
    [InlineData(CacheType.F16)]
    [InlineData(CacheType.BF16)]
    [InlineData(CacheType.Q8_0)]
    public async Task An_answer_is_the_same_alone_and_among_others(CacheType type)
    {
        var alone = await AnswerAlone(Request(Prompt(5), 30), type);
        await using var engine = Start(new EngineOptions { CacheType = type });
        var others = Enumerable.Range(0, 12).Select(i => engine.Submit(Request(Prompt(i), 20 + i), default)).ToList();
        var among = await ReadIds(engine.Submit(Request(Prompt(5), 30), default));
        Assert.Equal(alone, among);
        foreach (var other in others)
            Assert.Equal(FinishReason.Length, (await other.Completion).Reason);
        AssertNothingIsLeft(engine);
    }

    [Fact]
    public async Task A_seed_repeats_an_answer_and_another_seed_does_not()
    {
        var sampling = new SamplingParameters { Temperature = 1.5, TopP = 0.9, Seed = 42 };
        var first = await AnswerAlone(Request(Prompt(1), 40) with { Sampling = sampling });
        var again = await AnswerAlone(Request(Prompt(1), 40) with { Sampling = sampling });
        var other = await AnswerAlone(Request(Prompt(1), 40) with { Sampling = sampling with { Seed = 43 } });
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_before_itself()
    {
        await using var engine = Start();
        var whole = await ReadText(engine.Submit(Request(Prompt(2), 60), default));
        var stop = whole.Substring(20, 4);
        var generation = engine.Submit(Request(Prompt(2), 60) with { Stop = [stop, "no such text"] }, default);
        var stopped = await ReadText(generation);
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], stopped);
        var end = await generation.Completion;
        Assert.Equal(FinishReason.Stop, end.Reason);
        Assert.InRange(end.Usage.Generated, 1, 59);
    }

    [Fact]
    public async Task Usage_and_reason_tell_what_was_computed()
    {
        await using var engine = Start();
        var generation = engine.Submit(Request(Prompt(3), 7), default);
        var end = await generation.Completion;
        Assert.Equal(new TokenUsage(Prompt: Prompt(3).Length, Cached: 0, Generated: 7), end.Usage with { Rejected = 0 });
        Assert.Equal(FinishReason.Length, end.Reason);
        Assert.True(end.Prefill > TimeSpan.Zero && end.Decode > TimeSpan.Zero);
    }

    [Fact]
    public async Task The_context_bounds_prompt_and_answer()
    {
        await using var engine = Start(new EngineOptions { ContextLength = 32 });
        var end = await engine.Submit(Request([.. Enumerable.Repeat(260, 25)], 100), default).Completion;
        Assert.Equal(7, end.Usage.Generated);
        Assert.Equal(FinishReason.Length, end.Reason);
        var error = Assert.Throws<ContextLengthExceededException>(() => engine.Submit(Request([.. Enumerable.Repeat(260, 32)], 1), default));
        Assert.Equal((32, 32), (error.PromptTokens, error.ContextLength));
    }

    [Fact]
    public async Task Cancelling_ends_a_running_and_a_waiting_request_and_frees_their_places()
    {
        await using var engine = Start(new EngineOptions { MaxSequences = 1 });
        using var stopRunning = new CancellationTokenSource();
        using var stopWaiting = new CancellationTokenSource();
        var running = engine.Submit(Request(Prompt(1), 4000), stopRunning.Token);
        var waiting = engine.Submit(Request(Prompt(2), 4000), stopWaiting.Token);
        await foreach (var token in running.ReadTokensAsync())
            break;
        Assert.Equal((1, 1), (engine.RunningCount, engine.QueuedCount));

        await stopWaiting.CancelAsync();
        var ended = await waiting.Completion;
        Assert.Equal((FinishReason.Cancelled, default), (ended.Reason, ended.Usage));
        await stopRunning.CancelAsync();
        ended = await running.Completion;
        Assert.Equal(FinishReason.Cancelled, ended.Reason);
        Assert.InRange(ended.Usage.Generated, 1, 3999);
        AssertNothingIsLeft(engine);
        Assert.Equal(5, (await engine.Submit(Request(Prompt(1), 5), default).Completion).Usage.Generated);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_recovers()
    {
        await using var engine = Start(new EngineOptions { MaxSequences = 1, QueueLimit = 2 });
        using var stop = new CancellationTokenSource();
        var running = engine.Submit(Request(Prompt(0), 4000), stop.Token);
        await foreach (var token in running.ReadTokensAsync())
            break;
        var waiting = Enumerable.Range(0, 2).Select(i => engine.Submit(Request(Prompt(i), 3), default)).ToList();
        var error = Assert.Throws<QueueFullException>(() => engine.Submit(Request(Prompt(0), 1), default));
        Assert.True(error.RetryAfter > TimeSpan.Zero);
        await stop.CancelAsync();
        foreach (var generation in waiting)
            Assert.Equal(FinishReason.Length, (await generation.Completion).Reason);
    }

    [Fact]
    public async Task A_greedy_owner_does_not_starve_another()
    {
        await using var engine = Start(new EngineOptions { MaxSequences = 1 });
        using var stop = new CancellationTokenSource();
        var blocker = engine.Submit(Request(Prompt(0), 4000) with { Owner = "greedy" }, stop.Token);
        await foreach (var token in blocker.ReadTokensAsync())
            break;
        var greedy = Enumerable.Range(0, 20)
            .Select(i => engine.Submit(Request(Prompt(i), 3) with { Owner = "greedy" }, default))
            .ToArray();
        var modest = engine.Submit(Request(Prompt(0), 3) with { Owner = "modest" }, default);
        await stop.CancelAsync();
        var waited = (await modest.Completion).Queued;
        var ends = await Task.WhenAll(greedy.Select(generation => generation.Completion));
        // The greedy owner's first waiting request was earlier; then it is the other's turn. Who came before the other and began after
        // waited longer.
        Assert.InRange(ends.Count(end => end.Queued <= waited), 0, 2);
    }

    [Fact]
    public async Task Draining_lets_requests_finish_and_takes_no_new_ones()
    {
        await using var engine = Start();
        var generation = engine.Submit(Request(Prompt(1), 50), default);
        var drain = engine.DrainAsync(TimeSpan.FromMinutes(5));
        Assert.Throws<EngineStoppingException>(() => engine.Submit(Request(Prompt(1), 1), default));
        await drain;
        Assert.Equal(50, (await generation.Completion).Usage.Generated);
    }

    [Fact]
    public async Task Draining_cancels_what_runs_beyond_its_limit()
    {
        await using var engine = Start();
        var generation = engine.Submit(Request(Prompt(1), 4000), default);
        await foreach (var token in generation.ReadTokensAsync())
            break;
        await engine.DrainAsync(TimeSpan.Zero);
        Assert.Equal(FinishReason.Cancelled, (await generation.Completion).Reason);
    }

    [Fact]
    public async Task Impossible_requests_are_refused_at_the_door()
    {
        await using var engine = Start();
        Assert.Throws<ArgumentException>(() => engine.Submit(Request([], 1), default));
        Assert.Throws<ArgumentException>(() => engine.Submit(Request([_model.Config.VocabularySize], 1), default));
        Assert.Throws<ArgumentException>(() => engine.Submit(Request([-1], 1), default));
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Submit(Request([1], 0), default));
        Assert.Throws<ArgumentException>(() => engine.Submit(Request([1], 1) with { Stop = [""] }, default));
        var cold = new SamplingParameters { Temperature = -1 };
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Submit(Request([1], 1) with { Sampling = cold }, default));
        Assert.Equal((0, 0), (engine.QueuedCount, engine.RunningCount));
    }

    private static ImmutableArray<int> Prompt(int seed) => [1, .. Enumerable.Range(0, 10 + 3 * seed).Select(i => 259 + (i * 7 + seed) % 27)];

    private static GenerationRequest Request(ImmutableArray<int> prompt, int maxTokens) =>
        new() { Prompt = prompt, MaxTokens = maxTokens, Sampling = SamplingParameters.Greedy };

    private LlamaEngine Start(EngineOptions? options = null) => new(_model, options ?? new EngineOptions(), TimeProvider.System);

    private async Task<List<int>> AnswerAlone(GenerationRequest request, CacheType type = CacheType.F32)
    {
        await using var engine = Start(new EngineOptions { StepTokens = 5, CacheType = type });
        return await ReadIds(engine.Submit(request, default));
    }

    private static async Task<List<int>> ReadIds(Generation generation)
    {
        var ids = new List<int>();
        await foreach (var token in generation.ReadTokensAsync())
            ids.Add(token.Id);
        return ids;
    }

    private static async Task<string> ReadText(Generation generation)
    {
        var text = "";
        await foreach (var token in generation.ReadTokensAsync())
            text += token.Text;
        return text;
    }

    private static void AssertNothingIsLeft(LlamaEngine engine)
    {
        Assert.Equal((0, 0), (engine.QueuedCount, engine.RunningCount));
        Assert.Equal(engine.CacheBlocks.All, engine.CacheBlocks.Free);
    }
}
