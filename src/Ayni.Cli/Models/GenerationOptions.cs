using System.Collections.Immutable;
using System.CommandLine;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>The options that <c>run</c> and <c>chat</c> share.</summary>
internal sealed class GenerationOptions
{
    private readonly Option<string?> _model = ModelOption.Model();
    private readonly Option<string?> _adapter = ModelOption.Adapter();
    private readonly Option<string?> _draft = ModelOption.Draft();
    private readonly Option<int> _threads = ModelOption.Threads();
    private readonly Option<string> _cacheType = ModelOption.CacheType();

    private readonly Option<bool> _packCache = ModelOption.PackCache();

    private readonly Option<int> _maxTokens = new("-n", "--max-tokens")
    {
        Description = "The most tokens to generate.",
        HelpName = "N",
        DefaultValueFactory = _ => 512,
    };

    private readonly Option<double> _temperature = new("--temperature")
    {
        Description = "How freely tokens are drawn; 0 always takes the likeliest.",
        HelpName = "T",
        DefaultValueFactory = _ => 0.8,
    };

    private readonly Option<double> _topP = new("--top-p")
    {
        Description = "Draw only among the likeliest tokens whose probabilities reach this sum.",
        HelpName = "P",
        DefaultValueFactory = _ => 0.95,
    };

    private readonly Option<int> _topK = new("--top-k") { Description = "Draw only among so many of the likeliest tokens; 0 among all.", HelpName = "K" };

    private readonly Option<double> _minP = new("--min-p")
    {
        Description = "Draw only among tokens at least so many times as likely as the likeliest.",
        HelpName = "P",
    };

    private readonly Option<double> _repetitionPenalty = new("--repetition-penalty")
    {
        Description = "Make tokens that occurred less likely; 1 does not.",
        HelpName = "R",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<long?> _seed = new("--seed") { Description = "Makes the answer repeatable.", HelpName = "S" };
    private readonly Option<string[]> _stop = new("--stop") { Description = "A text that ends the answer; may be given several times.", HelpName = "TEXT" };
    private readonly Option<int?> _context = new("--context") { Description = "The context's length in tokens; the model's own if not given.", HelpName = "N" };

    public void AddTo(Command command)
    {
        Option[] options =
        [
            _model, _adapter, _maxTokens, _temperature, _topK, _topP, _minP, _repetitionPenalty, _seed, _stop, _context, _cacheType, _draft, _threads,
            _packCache,
        ];
        foreach (var option in options)
            command.Options.Add(option);
    }

    public LlamaModel LoadModel(ParseResult result, CancellationToken cancellationToken) =>
        ModelOption.Load(
            result.GetValue(_model), result.GetValue(_threads), cancellationToken, result.GetValue(_packCache), result.GetValue(_adapter));

    /// <summary>The model that drafts, where one is asked for.</summary>
    public LlamaModel? LoadDraft(ParseResult result, CancellationToken cancellationToken) =>
        result.GetValue(_draft) is { } draft ? ModelOption.Load(draft, result.GetValue(_threads), cancellationToken) : null;

    /// <summary>An engine for one sequence at a time.</summary>
    public LlamaEngine StartEngine(ParseResult result, LlamaModel model, LlamaModel? draft, int promptTokens = 0)
    {
        var context = result.GetValue(_context) ?? Math.Max(model.TrainedContextLength, 2);
        if (context is < 2 or > EngineOptions.LongestContext)
            throw new UsageException($"--context {context}: expected 2 to {EngineOptions.LongestContext}.");
        // A long context is not reserved for a short answer.
        if (promptTokens > 0)
            context = (int)Math.Min(context, Math.Max(promptTokens + (long)result.GetValue(_maxTokens), 2));
        var cacheType = ModelOption.CheckCacheType(result.GetValue(_cacheType)!);
        var options = new EngineOptions { ContextLength = context, MaxSequences = 1, CacheBytes = 0, CacheType = cacheType };
        return new LlamaEngine(model, options, TimeProvider.System, draft);
    }

    public GenerationRequest Request(ParseResult result, (ImmutableArray<int> Ids, bool ContinuesText) prompt)
    {
        var request = new GenerationRequest
        {
            Prompt = prompt.Ids,
            ContinuesText = prompt.ContinuesText,
            MaxTokens = result.GetValue(_maxTokens),
            Stop = [.. result.GetValue(_stop) ?? []],
            Sampling = new SamplingParameters
            {
                Temperature = result.GetValue(_temperature),
                TopK = result.GetValue(_topK),
                TopP = result.GetValue(_topP),
                MinP = result.GetValue(_minP),
                RepetitionPenalty = result.GetValue(_repetitionPenalty),
                Seed = result.GetValue(_seed),
            },
        };
        if (request.MaxTokens < 1)
            throw new UsageException($"-n {request.MaxTokens}: expected 1 or more.");
        Require(request.Sampling.Temperature is >= 0 and <= 100, _temperature, "expected 0 to 100");
        Require(request.Sampling.TopK >= 0, _topK, "expected 0 or more");
        Require(request.Sampling.TopP is > 0 and <= 1, _topP, "expected more than 0 and at most 1");
        Require(request.Sampling.MinP is >= 0 and <= 1, _minP, "expected 0 to 1");
        Require(request.Sampling.RepetitionPenalty is > 0 and <= 100, _repetitionPenalty, "expected more than 0 and at most 100");
        if (request.Stop.Any(string.IsNullOrEmpty))
            throw new UsageException("--stop: the text is empty.");
        return request;

        void Require<T>(bool holds, Option<T> option, string expected)
        {
            if (!holds)
                throw new UsageException(FormattableString.Invariant($"{option.Name} {result.GetValue(option)}: {expected}."));
        }
    }
}
