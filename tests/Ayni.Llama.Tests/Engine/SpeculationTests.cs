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
        List<int> tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 2, 3];
        var draft = new int[DraftPace.MostTokens];
        Assert.Equal(4, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal([4, 5, 6, 7], draft[..4]);
        lookup.Pace.Note(4, 4, 23);
        tokens.AddRange([4, 5, 6, 7, 8]);
        Assert.Equal(8, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal([9, 10, 11, 12, 13, 14, 15, 16], draft);
        // After two of them the text goes its own way, and after two more that leave one out it is where it was.
        lookup.Pace.Note(8, 2, 27);
        tokens.AddRange([9, 10, 50, 12]);
        Assert.Equal(0, lookup.Draft(tokens.ToArray(), draft));
        tokens.Add(13);
        Assert.Equal(4, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal([14, 15, 16, 1], draft[..4]);
        // One that fails may be bad luck; after more there are pauses.
        lookup.Pace.Note(4, 0, 29);
        Assert.False(lookup.Pace.Pauses(29));
        lookup.Pace.Note(4, 0, 30);
        Assert.True(lookup.Pace.Pauses(31));
        Assert.Equal(0, lookup.Draft(tokens.ToArray(), draft));
        Assert.False(lookup.Pace.Pauses(32));
        lookup.Pace.Note(4, 0, 32);
        Assert.True(lookup.Pace.Pauses(35));
        Assert.False(lookup.Pace.Pauses(36));
        Assert.Equal(0, lookup.Draft([50, 51], draft));
    }

    [Fact]
    public void Drafts_stay_within_a_text_however_it_repeats_itself()
    {
        var random = new Random(3);
        var draft = new int[DraftPace.MostTokens];
        for (var round = 0; round < 300; round++)
        {
            var lookup = new PromptLookup(400);
            var vocabulary = random.Next(1, 6);
            List<int> tokens = [];
            while (tokens.Count < 400)
            {
                tokens.Add(random.Next(vocabulary));
                var count = lookup.Draft(tokens.ToArray(), draft);
                if (count == 0)
                    continue;
                var held = random.Next(count + 1);
                tokens.AddRange(draft[..held]);
                lookup.Pace.Note(count, held, tokens.Count + 1);
            }
        }
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
