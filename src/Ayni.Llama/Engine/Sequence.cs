namespace Ayni.Llama;

/// <summary>One generation as the scheduler sees it: its tokens, its place in the cache, what it has said. Owned by the scheduler's thread.</summary>
internal sealed class Sequence
{
    private readonly LlamaModel _model;
    private readonly TimeProvider _clock;
    private readonly Sampler _sampler;
    private readonly TokenDecoder? _decoder;
    private readonly StopTexts _stops;
    private readonly CancellationToken _cancellation;
    private readonly long _submitted;
    private long _started;
    private long _firstToken;
    private long _lastToken;

    public Sequence(GenerationRequest request, LlamaModel model, int maxTokens, TimeProvider clock, CancellationToken cancellation)
    {
        Request = request;
        MaxTokens = maxTokens;
        Tokens = [.. request.Prompt];
        _model = model;
        _clock = clock;
        _sampler = new Sampler(request.Sampling, model.Config.VocabularySize);
        _decoder = model.HasTokenizer ? new TokenDecoder(model.Tokenizer, skipSpecial: true, request.ContinuesText) : null;
        _stops = new StopTexts(request.Stop);
        _cancellation = cancellation;
        _submitted = clock.GetTimestamp();
    }

    public GenerationRequest Request { get; }

    /// <summary>The most tokens to generate, within the context.</summary>
    public int MaxTokens { get; }

    public Generation Generation { get; } = new();

    /// <summary>The prompt and what was generated.</summary>
    public List<int> Tokens { get; }

    /// <summary>The cache blocks it owns.</summary>
    public SequenceBlocks Blocks { get; } = new();

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int CachedLength { get; set; }

    /// <summary>Tokens that are not in the cache and not in the step being filled.</summary>
    public int MissingCount => Tokens.Count - CachedLength;

    public bool IsCancelled => _cancellation.IsCancellationRequested;

    public bool IsDecoding => MissingCount == 1 && GeneratedCount > 0;

    /// <summary>Cache slots it may need in all.</summary>
    public int MaxLength => Request.Prompt.Length + MaxTokens;

    private int GeneratedCount => Tokens.Count - Request.Prompt.Length;

    /// <summary>Notes that its first step begins.</summary>
    public void Start() => _started = _clock.GetTimestamp();

    /// <summary>Samples the next token from its logits, hands it to the reader, and tells why the generation ends, or null if it goes on.</summary>
    public FinishReason? Advance(ReadOnlySpan<float> logits)
    {
        var token = _sampler.Next(logits);
        Tokens.Add(token);
        _lastToken = _clock.GetTimestamp();
        if (GeneratedCount == 1)
            _firstToken = _lastToken;

        FinishReason? finish = null;
        var text = "";
        if (_model.EndOfGeneration.Contains(token) && !Request.IgnoreEndOfText)
            finish = FinishReason.Stop;
        else
            text = _stops.Append(TextOf(token));

        if (_stops.Found)
            finish = FinishReason.Stop;
        else if (finish is null && GeneratedCount == MaxTokens)
            finish = FinishReason.Length;
        if (finish is not null && !_stops.Found)
        {
            text += _stops.Append(_decoder?.Flush() ?? "");
            text += _stops.Found ? "" : _stops.Flush();
        }
        Generation.Write(new GeneratedToken(token, text));
        return finish;
    }

    /// <summary>No text where the model has no tokenizer, and for the ids beyond it with which vocabularies are padded.</summary>
    private string TextOf(int token) =>
        _decoder is null || token >= _model.Tokenizer.VocabularySize ? "" : _decoder.Append(token);

    /// <summary>Completes the generation.</summary>
    public void Finish(FinishReason reason) => Generation.Complete(new GenerationResult(
        reason,
        new TokenUsage(Math.Min(CachedLength, Request.Prompt.Length), 0, GeneratedCount),
        _started == 0 ? _clock.GetElapsedTime(_submitted) : _clock.GetElapsedTime(_submitted, _started),
        _firstToken == 0 ? TimeSpan.Zero : _clock.GetElapsedTime(_started, _firstToken),
        _firstToken == 0 ? TimeSpan.Zero : _clock.GetElapsedTime(_firstToken, _lastToken)));
}
