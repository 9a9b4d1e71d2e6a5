using System.Collections.Immutable;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Guessing what follows changes how fast an answer comes, and nothing else.</summary>
public sealed class SpeculationTests : IDisposable
{
    private readonly TemporaryModel _file = new(TinyModel.Slow with { Layers = 2 });
    private readonly LlamaModel _model;

    public SpeculationTests() => _model = LlamaModel.Load(_file.Path, KernelTier.Simd, 2);

    public void Dispose()
    {
        _model.Dispose();
        _file.Dispose();
    }

    [Theory]
    [InlineData(0, CacheType.F32)]
    [InlineData(0.7, CacheType.F32)]
    [InlineData(1.5, CacheType.F32)]
    [InlineData(0.7, CacheType.F16)]
    [InlineData(0.7, CacheType.BF16)]
    [InlineData(0.7, CacheType.Q8_0)]
    public async Task Answers_are_the_same_with_guessing_and_without(double temperature, CacheType type)
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var request = new GenerationRequest
            {
                Prompt = [1, .. Enumerable.Range(0, 60).Select(i => 259 + (i * 5 + seed) % 9)],
                MaxTokens = 200,
                Sampling = new SamplingParameters { Temperature = temperature, Seed = seed, FrequencyPenalty = 0.1 },
            };
            var (plain, _, _) = await Answer(request, speculates: false, type: type);
            var (guessed, usage, counters) = await Answer(request, speculates: true, type: type);
            Assert.Equal(plain, guessed);
            Assert.Equal(200, usage.Generated);
            Assert.Equal(counters.DraftedTokens - counters.AcceptedTokens, usage.Rejected);
        }
    }

    [Fact]
    public async Task Text_that_repeats_its_prompt_takes_fewer_steps()
    {
        ImmutableArray<int> text = [.. Enumerable.Range(0, 300).Select(i => 259 + (i * i + 3 * i) % 27)];
        var request = new GenerationRequest
        {
            Prompt = [1, .. text],
            MaxTokens = 200,
            Sampling = SamplingParameters.Greedy,
            ForcedOutput = text[..200],
            IgnoreEndOfText = true,
        };
        var (ids, usage, counters) = await Answer(request, speculates: true);
        Assert.Equal(text[..200], ids);
        Assert.Equal(200, usage.Generated);
        Assert.InRange(counters.Steps, 1, 90);
        Assert.InRange(counters.AcceptedTokens, 100, 200);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public async Task Answers_are_the_same_with_a_draft_model_and_without(double temperature)
    {
        using var file = new TemporaryModel(TinyModel.Slow with { Layers = 1 });
        using var draft = LlamaModel.Load(file.Path, KernelTier.Simd, 1);
        for (var seed = 0; seed < 3; seed++)
        {
            var request = new GenerationRequest
            {
                Prompt = [1, .. Enumerable.Range(0, 40).Select(i => 259 + (i * i * 7 + seed) % 27)],
                MaxTokens = 150,
                Sampling = new SamplingParameters { Temperature = temperature, Seed = seed },
            };
            var (plain, _, _) = await Answer(request, speculates: false);
            var (drafted, usage, counters) = await Answer(request, speculates: true, draft);
            Assert.Equal(plain, drafted);
            Assert.Equal(counters.DraftedTokens - counters.AcceptedTokens, usage.Rejected);
        }
    }

    [Fact]
    public async Task A_draft_model_that_knows_the_answer_saves_steps_for_more_texts_than_it_has_places_for()
    {
        using var same = LlamaModel.Load(_file.Path, KernelTier.Simd, 1);
        await using var engine = new LlamaEngine(_model, new EngineOptions(), TimeProvider.System, same);
        for (var text = 0; text < 4; text++)
        {
            var before = engine.Counters.Steps;
            var request = new GenerationRequest
            {
                Prompt = [1, .. Enumerable.Range(0, 30).Select(i => 259 + (i * i * 7 + text) % 27)],
                MaxTokens = 120,
                Sampling = SamplingParameters.Greedy,
                IgnoreEndOfText = true,
            };
            var generations = engine.Submit(request, text < 3 ? 1 : 3, default);
            foreach (var generation in generations)
                Assert.Equal(120, (await generation.Completion).Usage.Generated);
            if (text < 3)
                Assert.InRange(engine.Counters.Steps - before, 12, 60);
        }
        Assert.Equal(engine.CacheBlocks.All, engine.CacheBlocks.Free);
    }

    [ConformanceFact]
    public void A_draft_model_of_another_vocabulary_is_refused()
    {
        using var other = LlamaModel.Load(Conformance.PathOf("models/bard/bard.gguf"), KernelTier.Simd, 1);
        var error = Assert.Throws<DraftModelException>(() => new LlamaEngine(_model, new EngineOptions(), TimeProvider.System, other));
        Assert.Contains("vocabulary", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Drafts_come_from_what_followed_before_and_pause_when_they_fail()
    {
        var lookup = new PromptLookup(1000);
        List<int> tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3];
        var draft = new int[DraftPace.MostTokens];
        Assert.Equal(2, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal([4, 5], draft[..2]);
        lookup.Pace.Note(2, 2, 14);
        tokens.AddRange([4, 5, 6]);
        Assert.Equal(4, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal([7, 8, 9, 1], draft[..4]);
        lookup.Pace.Note(4, 0, 16);
        tokens.Add(7);
        Assert.Equal(0, lookup.Draft(tokens.ToArray(), draft));
        tokens.AddRange([8, 9, 1, 2, 3, 4, 5, 6, 7, 8]);
        Assert.Equal(2, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal(0, lookup.Draft([50, 51], draft));
    }

    private async Task<(List<int> Ids, TokenUsage Usage, EngineCounters Counters)> Answer(
        GenerationRequest request, bool speculates, LlamaModel? draft = null, CacheType type = CacheType.F32)
    {
        await using var engine = new LlamaEngine(
            _model, new EngineOptions { Speculates = speculates, CacheType = type }, TimeProvider.System, draft);
        var generation = engine.Submit(request, default);
        var ids = new List<int>();
        await foreach (var token in generation.ReadTokensAsync())
            ids.Add(token.Id);
        return (ids, (await generation.Completion).Usage, engine.Counters);
    }
}
