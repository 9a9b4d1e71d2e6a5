using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Requests that begin alike share cache blocks; none of them can tell but by the time it takes.</summary>
public sealed class SharedCacheTests : IDisposable
{
    private static readonly SamplingParameters Sampling = new() { Temperature = 1.2, Seed = 7 };

    private readonly TemporaryModel _file = new(TinyModel.Slow with { Layers = 2 });
    private readonly LlamaModel _model;

    public SharedCacheTests() => _model = LlamaModel.Load(_file.Path, KernelTier.Simd, 2);

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Theory]
    [InlineData(100, 96)]
    [InlineData(97, 96)]
    [InlineData(96, 80)]
    [InlineData(16, 0)]
    public async Task A_prompt_is_computed_once(int length, int cached)
    {
        await using var engine = Start();
        var first = await Answer(engine, Request(Text(1, length)));
        var second = await Answer(engine, Request(Text(1, length)));
        Assert.Equal((length, 0), (first.Usage.Prompt, first.Usage.Cached));
        Assert.Equal((length - cached, cached), (second.Usage.Prompt, second.Usage.Cached));
        Assert.Equal(first.Ids, second.Ids);
        Assert.Equal((2 * length, cached), (engine.Counters.PromptTokens, engine.Counters.CachedTokens));
        AssertNothingIsLeft(engine);
    }

    [Fact]
    public async Task A_beginning_that_many_have_at_once_is_computed_once()
    {
        await using var engine = Start(new EngineOptions { MaxSequences = 8, StepTokens = 24 });
        int[] beginning = [.. Text(1, 100)];
        GenerationRequest[] requests = [.. Enumerable.Range(0, 8).Select(i => Request([.. beginning, .. Text(2 + i, 10 + i)]))];
        var alone = new List<List<int>>();
        foreach (var request in requests)
            alone.Add((await Answer(engine, request with { CacheShare = $"{alone.Count}" })).Ids);
        var before = engine.Counters.CachedTokens;
        var together = await Task.WhenAll(requests.Select(request => Answer(engine, request)));
        Assert.Equal(alone, together.Select(answer => answer.Ids));
        Assert.Equal([96, 96, 96, 96, 96, 96, 96], together.Select(answer => answer.Usage.Cached).Order().Skip(1));
        Assert.Equal(7 * 96, engine.Counters.CachedTokens - before);
        AssertNothingIsLeft(engine);
    }

    [Fact]
    public async Task A_conversation_s_next_turn_finds_the_last_answer_too()
    {
        await using var engine = Start();
        var first = await Answer(engine, Request(Text(1, 50)));
        var next = await Answer(engine, Request([.. Text(1, 50), .. first.Ids, .. Text(2, 10)]));
        Assert.Equal(80, next.Usage.Cached);
    }

    [Fact]
    public async Task Customers_find_their_own_prompts_only()
    {
        await using var engine = Start();
        await Answer(engine, Request(Text(1, 64)) with { CacheShare = "a" });
        Assert.Equal(0, (await Answer(engine, Request(Text(1, 64)) with { CacheShare = "b" })).Usage.Cached);
        Assert.Equal(48, (await Answer(engine, Request(Text(1, 64)) with { CacheShare = "a" })).Usage.Cached);
    }

    [Fact]
    public async Task What_was_not_used_for_longest_goes_first()
    {
        // Room for one text of 256 tokens, in 16 blocks.
        await using var engine = Start(new EngineOptions { ContextLength = 256, MaxSequences = 1, CacheBytes = 0 });
        await Answer(engine, Request(Text(1, 80)));
        await Answer(engine, Request(Text(2, 80)));
        Assert.Equal(64, (await Answer(engine, Request(Text(1, 80)))).Usage.Cached);
        await Answer(engine, Request(Text(3, 80)));
        Assert.Equal(64, (await Answer(engine, Request(Text(1, 80)))).Usage.Cached);
        Assert.Equal(0, (await Answer(engine, Request(Text(2, 80)))).Usage.Cached);
        AssertNothingIsLeft(engine);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(48)]
    [InlineData(49)]
    public async Task Several_answers_to_a_prompt_are_those_of_their_seeds_and_compute_it_once(int length)
    {
        await using var engine = Start();
        var request = Request(Text(4, length));
        var alone = new List<(List<int> Ids, TokenUsage Usage)>();
        for (var i = 0; i < 3; i++)
            alone.Add(await Answer(engine, request with { CacheShare = $"{i}", Sampling = Sampling with { Seed = 7 + i } }));
        var together = engine.Submit(request, 3, default);
        var answers = await Task.WhenAll(together.Select(Read));
        Assert.Equal(alone.Select(answer => answer.Ids), answers.Select(answer => answer.Ids));
        Assert.Equal([length, 0, 0], answers.Select(answer => answer.Usage.Prompt));
        Assert.All(answers, answer => Assert.Equal((0, 40), (answer.Usage.Cached, answer.Usage.Generated)));
        Assert.Equal(3, answers.Select(answer => string.Join(' ', answer.Ids)).Distinct().Count());
        AssertNothingIsLeft(engine);
    }

    [Fact]
    public async Task Cancelling_ends_all_answers_to_a_prompt()
    {
        await using var engine = Start(new EngineOptions { MaxSequences = 3, StepTokens = 8 });
        using var stop = new CancellationTokenSource();
        var blocker = engine.Submit(Request(Text(0, 20), 3000), 2, stop.Token);
        var waiting = engine.Submit(Request(Text(1, 20), 3000), 2, stop.Token);
        await foreach (var token in blocker[1].ReadTokensAsync())
            break;
        await stop.CancelAsync();
        foreach (var generation in (Generation[])[.. blocker, .. waiting])
            Assert.Equal(FinishReason.Cancelled, (await generation.Completion).Reason);
        AssertNothingIsLeft(engine);
    }

    [Fact]
    public async Task Where_room_is_short_the_youngest_yield_and_lose_nothing()
    {
        var requests = Enumerable.Range(0, 6).Select(i => Request(Text(i, 30 + i), 150)).ToArray();
        var alone = new List<List<int>>();
        await using (var engine = Start())
        {
            foreach (var request in requests)
                alone.Add((await Answer(engine, request)).Ids);
        }
        // Every prompt has a place at once, and not half of the answers.
        await using var small = Start(new EngineOptions { ContextLength = 256, CacheBytes = 400 * 1024, StepTokens = 64 });
        Assert.InRange(small.CacheBlocks.All, 6 * 4, 6 * 12 / 2);
        var answers = await Task.WhenAll(requests.Select(request => Read(small.Submit(request, default))));
        Assert.Equal(alone, answers.Select(answer => answer.Ids));
        Assert.All(answers, (answer, i) => Assert.Equal(30 + i, answer.Usage.Prompt + answer.Usage.Cached));
        Assert.True(small.Counters.Preemptions > 0);
        AssertNothingIsLeft(small);
    }

    [Fact]
    public async Task An_owner_has_so_many_requests_at_once_and_others_have_theirs()
    {
        await using var engine = Start(new EngineOptions { MaxPerOwner = 2 });
        using var stop = new CancellationTokenSource();
        var running = engine.Submit(Request(Text(0, 20), 3000) with { Owner = "a" }, 2, stop.Token);
        Assert.Throws<OwnerBusyException>(() => engine.Submit(Request(Text(1, 20)) with { Owner = "a" }, default));
        await Answer(engine, Request(Text(1, 20)) with { Owner = "b" });
        await stop.CancelAsync();
        await Task.WhenAll(running.Select(generation => generation.Completion));
        await Answer(engine, Request(Text(1, 20)) with { Owner = "a" });
        AssertNothingIsLeft(engine);
    }

    [Theory]
    [InlineData(CacheType.F32)]
    [InlineData(CacheType.F16)]
    [InlineData(CacheType.BF16)]
    [InlineData(CacheType.Q8_0)]
    public void Logits_are_the_same_bits_cold_found_shared_and_guessed(CacheType type)
    {
        var tokens = Text(9, 60).ToArray();
        using var cache = new KeyValueCache(_model.Config, 64, 64, sequences: 4, bytes: 1 << 24, type);
        var transformer = new Transformer(_model.Config, _model.Weights, _model.Context, 64);
        var cold = new SequenceBlocks();
        var expected = Compute(cold, tokens, [], 0);
        cache.Publish(cold, tokens);

        var found = new SequenceBlocks();
        Assert.Equal(48, cache.Find(found, tokens));
        Assert.Equal(expected[(48 * _model.Config.VocabularySize)..], Compute(found, tokens[48..], [], 48));

        // A sharer writes into a copy, and the owner's last row stays what it was.
        var sharer = new SequenceBlocks();
        cache.Share(cold, sharer);
        Compute(sharer, [270, 271], [], 58);
        Assert.Equal(expected[^_model.Config.VocabularySize..], Compute(cold, tokens[59..], [], 59));

        var guessed = new SequenceBlocks();
        cache.Find(guessed, tokens);
        Assert.Equal(expected[(48 * _model.Config.VocabularySize)..], Compute(guessed, tokens[48..50], tokens[50..], 48, LogitSelection.All));

        int[] Compute(SequenceBlocks blocks, int[] more, int[] draft, int cachedLength, LogitSelection selection = LogitSelection.All)
        {
            Assert.True(cache.TryGrow(blocks, cachedLength, cachedLength + more.Length + draft.Length));
            var batch = new Batch(_model.Config);
            batch.Add(more, draft, cachedLength, blocks, selection);
            var logits = new float[batch.LogitCount * _model.Config.VocabularySize];
            transformer.Forward(batch, cache, logits);
            return MemoryMarshal.Cast<float, int>(logits).ToArray();
        }
    }

    [Fact]
    public void Smaller_types_hold_more_in_the_same_memory()
    {
        int Blocks(CacheType type)
        {
            using var cache = new KeyValueCache(_model.Config, 64, 64, sequences: 1000, bytes: 1 << 22, type);
            return cache.BlockCount;
        }
        var plain = Blocks(CacheType.F32);
        Assert.Equal((2 * plain, 2 * plain, plain * 128 / 34), (Blocks(CacheType.F16), Blocks(CacheType.BF16), Blocks(CacheType.Q8_0)));
    }

    [Fact]
    public void A_type_that_does_not_take_the_model_s_heads_is_refused()
    {
        using var file = new TemporaryModel(new TinyModel());
        using var model = LlamaModel.Load(file.Path, KernelTier.Simd, 1);
        var error = Assert.Throws<UnsupportedCacheTypeException>(
            () => new LlamaEngine(model, new EngineOptions { CacheType = CacheType.Q8_0 }, TimeProvider.System));
        Assert.Contains("have 16", error.Message, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public void Blocks_of_layers_that_attend_in_chunks_are_found_as_well()
    {
        using var llama4 = LlamaModel.Load(Conformance.PathOf("models", "llama4-tiny-chunk16"), KernelTier.Simd, 2);
        using var cache = new KeyValueCache(llama4.Config, 128, 128, sequences: 4, bytes: 1 << 24);
        var transformer = new Transformer(llama4.Config, llama4.Weights, llama4.Context, 128);
        var tokens = ReferenceModel.Integers(ReferenceModel.Case("llama4-tiny-chunk16", "start0").GetProperty("ids"));
        var vocabulary = llama4.Config.VocabularySize;
        var cold = new SequenceBlocks();
        var expected = Compute(cold, tokens, 0);
        cache.Publish(cold, tokens);
        cache.Release(cold);
        Assert.Equal((cache.BlockCount, cache.LocalBlockCount), (cache.FreeBlockCount, cache.FreeLocalBlockCount));

        var found = new SequenceBlocks();
        Assert.Equal(96, cache.Find(found, tokens));
        Assert.Equal(expected[(96 * vocabulary)..], Compute(found, tokens[96..], 96));
        cache.Release(found);

        int[] Compute(SequenceBlocks blocks, int[] more, int cachedLength)
        {
            Assert.True(cache.TryGrow(blocks, cachedLength, cachedLength + more.Length));
            var batch = new Batch(llama4.Config);
            batch.Add(more, [], cachedLength, blocks, LogitSelection.All);
            var logits = new float[batch.LogitCount * vocabulary];
            transformer.Forward(batch, cache, logits);
            return MemoryMarshal.Cast<float, int>(logits).ToArray();
        }
    }

    private static ImmutableArray<int> Text(int seed, int length) =>
        [1, .. Enumerable.Range(0, length - 1).Select(i => 259 + (i * i + 7 * i + 31 * seed) % 27)];

    private static GenerationRequest Request(ImmutableArray<int> prompt, int maxTokens = 40) =>
        new() { Prompt = prompt, MaxTokens = maxTokens, Sampling = Sampling };

    private LlamaEngine Start(EngineOptions? options = null) => new(_model, options ?? new EngineOptions(), TimeProvider.System);

    private static Task<(List<int> Ids, TokenUsage Usage)> Answer(LlamaEngine engine, GenerationRequest request) => Read(engine.Submit(request, default));

    private static async Task<(List<int> Ids, TokenUsage Usage)> Read(Generation generation)
    {
        var ids = new List<int>();
        await foreach (var token in generation.ReadTokensAsync())
            ids.Add(token.Id);
        return (ids, (await generation.Completion).Usage);
    }

    private static void AssertNothingIsLeft(LlamaEngine engine)
    {
        Assert.Equal((0, 0), (engine.QueuedCount, engine.RunningCount));
        Assert.Equal(engine.CacheBlocks.All, engine.CacheBlocks.Free);
    }
}
