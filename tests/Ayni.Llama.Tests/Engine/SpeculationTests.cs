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
            var (plain, _, _) = await Answer(request, speculates: false, type);
            var (guessed, usage, counters) = await Answer(request, speculates: true, type);
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

    [Fact]
    public void Drafts_come_from_what_followed_before_and_pause_when_they_fail()
    {
        var lookup = new PromptLookup(1000);
        List<int> tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3];
        var draft = new int[PromptLookup.MostTokens];
        Assert.Equal(2, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal([4, 5], draft[..2]);
        lookup.Note(2, 2, 14);
        tokens.AddRange([4, 5, 6]);
        Assert.Equal(4, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal([7, 8, 9, 1], draft[..4]);
        lookup.Note(4, 0, 16);
        tokens.Add(7);
        Assert.Equal(0, lookup.Draft(tokens.ToArray(), draft));
        tokens.AddRange([8, 9, 1, 2, 3, 4, 5, 6, 7, 8]);
        Assert.Equal(2, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal(0, lookup.Draft([50, 51], draft));
    }

    private async Task<(List<int> Ids, TokenUsage Usage, EngineCounters Counters)> Answer(
        GenerationRequest request, bool speculates, CacheType type = CacheType.F32)
    {
        await using var engine = new LlamaEngine(_model, new EngineOptions { Speculates = speculates, CacheType = type }, TimeProvider.System);
        var generation = engine.Submit(request, default);
        var ids = new List<int>();
        await foreach (var token in generation.ReadTokensAsync())
            ids.Add(token.Id);
        return (ids, (await generation.Completion).Usage, engine.Counters);
    }
}
