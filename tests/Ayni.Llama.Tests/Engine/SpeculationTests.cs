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

    /// <summary>
    /// Where no time passes, checking a draft costs what it does by default, however small the model and busy the machine.
    /// </summary>
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
        var (ids, usage, counters) = await Answer(request, speculates: true, clock: new StoppedClock());
        Assert.Equal(text[..200], ids);
        Assert.Equal(200, usage.Generated);
        Assert.InRange(counters.Steps, 1, 60);
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
    public void Drafts_come_from_what_followed_before_and_are_longer_while_they_hold()
    {
        var lookup = new PromptLookup(1000);
        List<int> tokens = [.. Enumerable.Range(1, 30), 1, 2, 3];
        var draft = new int[DraftLength.Longest];
        Assert.Equal(5, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal([4, 5, 6, 7, 8], draft[..5]);
        lookup.Note(5, 5, TimeSpan.Zero);
        tokens.AddRange([4, 5, 6, 7, 8, 9]);
        Assert.Equal(10, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal(Enumerable.Range(10, 10), draft[..10]);
        // After two of them the text goes its own way, and after two more that leave one out it is where it was.
        lookup.Note(10, 2, TimeSpan.Zero);
        tokens.AddRange([10, 11, 50, 13]);
        Assert.Equal(0, lookup.Draft(tokens.ToArray(), draft));
        tokens.Add(14);
        Assert.Equal(5, lookup.Draft(tokens.ToArray(), draft));
        Assert.Equal(Enumerable.Range(15, 5), draft[..5]);
        Assert.Equal(0, lookup.Draft([50, 51], draft));
    }

    [Fact]
    public void Drafts_are_checked_while_that_pays()
    {
        var account = new DraftAccount();
        var (plain, twice) = (TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20));
        account.NotePlain(plain);
        Assert.True(account.Pays);
        // Each saves one token and takes two steps longer.
        account.NoteChecked(1, 3 * plain);
        Assert.False(account.Pays);
        account.NoteUnchecked(1);
        Assert.False(account.Pays);
        account.NoteUnchecked(3);
        Assert.True(account.Pays);
        // What it saved before is not lost for long, and what it lost before is earned soon.
        for (var i = 0; i < 100; i++)
            account.NoteChecked(15, twice);
        var failed = 0;
        for (; account.Pays; failed++)
            account.NoteChecked(0, twice);
        Assert.InRange(failed, 2, 10);
        for (var i = 0; i < 100; i++)
            account.NoteUnchecked(0);
        Assert.False(account.Pays);
        account.NoteUnchecked(15);
        Assert.True(account.Pays);
    }

    /// <summary>
    /// A text that copies a little here and there, so that every draft holds for one token and no more, where checking takes two steps'
    /// time.
    /// </summary>
    [Fact]
    public void Drafts_that_do_not_pay_are_soon_only_held_against_what_comes()
    {
        var lookup = new PromptLookup(10_000);
        List<int> tokens = [];
        var draft = new int[DraftLength.Longest];
        var (step, fresh) = (TimeSpan.FromMilliseconds(10), 1000);
        int[] phrase = [1, 2, 3, 4];
        var (drafts, checkedTokens) = (0, 0);
        while (tokens.Count < 4000)
        {
            foreach (var token in (int[])[.. phrase, fresh++, fresh++])
            {
                var count = lookup.Draft(tokens.ToArray(), draft);
                tokens.Add(token);
                if (count == 0)
                {
                    lookup.NotePlain(step);
                    continue;
                }
                drafts++;
                checkedTokens += count;
                lookup.Note(count, draft[0] == token ? 1 : 0, 3 * step);
            }
        }
        Assert.InRange(drafts, 1, 30);
        Assert.InRange(checkedTokens, drafts, 30 * 15);
    }

    [Fact]
    public void Drafts_stay_within_a_text_however_it_repeats_itself()
    {
        var random = new Random(3);
        var draft = new int[DraftLength.Longest];
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
                lookup.Note(count, held, TimeSpan.FromMilliseconds(random.Next(3)));
            }
        }
    }

    private async Task<(List<int> Ids, TokenUsage Usage, EngineCounters Counters)> Answer(
        GenerationRequest request, bool speculates, LlamaModel? draft = null, CacheType type = CacheType.F32, TimeProvider? clock = null)
    {
        await using var engine = new LlamaEngine(
            _model, new EngineOptions { Speculates = speculates, CacheType = type }, clock ?? TimeProvider.System, draft);
        var generation = engine.Submit(request, default);
        var ids = new List<int>();
        await foreach (var token in generation.ReadTokensAsync())
            ids.Add(token.Id);
        return (ids, (await generation.Completion).Usage, engine.Counters);
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override long GetTimestamp() => 1;
    }
}
