using System.Runtime.InteropServices;

namespace Ayni.Llama;

/// <summary>
/// One generation as the scheduler sees it: its tokens, its place in the cache, what it has said. Owned by the scheduler's thread.
/// </summary>
internal sealed class Sequence
{
    private readonly LlamaModel _model;
    private readonly TimeProvider _clock;
    private readonly Sampler _sampler;
    private readonly TokenDecoder? _decoder;
    private readonly StopTexts _stops;
    private readonly CancellationToken _cancellation;
    private readonly int[] _draft = new int[DraftLength.Longest];
    private PromptLookup? _lookup;
    private DraftPace? _modelPace;
    private bool _mayGuess;
    private bool _isModels;
    private long _started;
    private long _firstToken;
    private int _promptFound;
    private int _promptSeen;
    private int _rejected;
    private bool _isSibling;

    /// <summary>Queues a generation.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="model">The model.</param>
    /// <param name="maxTokens">The most tokens to generate, within the context.</param>
    /// <param name="arrival">How many came before it.</param>
    /// <param name="clock">Measures its times.</param>
    /// <param name="cancellation">Ends it within a step.</param>
    public Sequence(GenerationRequest request, LlamaModel model, int maxTokens, long arrival, TimeProvider clock, CancellationToken cancellation)
    {
        Request = request;
        MaxTokens = maxTokens;
        Arrival = arrival;
        Tokens = [.. request.Prompt];
        Blocks = new SequenceBlocks(request.CacheShare);
        _model = model;
        _clock = clock;
        _sampler = new Sampler(request.Sampling, model.Config.VocabularySize);
        foreach (var token in request.Prompt)
            _sampler.ObservePrompt(token);
        _decoder = model.HasTokenizer ? new TokenDecoder(model.Tokenizer, skipSpecial: true, request.ContinuesText) : null;
        _stops = new StopTexts(request.Stop);
        _cancellation = cancellation;
        SubmittedAt = clock.GetTimestamp();
    }

    public GenerationRequest Request { get; }

    /// <summary>The most tokens to generate, within the context.</summary>
    public int MaxTokens { get; }

    /// <summary>The clock's timestamp when it was queued.</summary>
    public long SubmittedAt { get; }

    /// <summary>The clock's timestamp when it had its last token; 0 before the first.</summary>
    public long LastTokenAt { get; private set; }

    /// <summary>How many came before it: who came first is served to the end first where not all can be.</summary>
    public long Arrival { get; }

    public Generation Generation { get; } = new();

    /// <summary>Further answers to the same prompt, which begin once this one has computed it.</summary>
    public List<Sequence> Siblings { get; } = [];

    /// <summary>The prompt and what was generated.</summary>
    public List<int> Tokens { get; }

    /// <summary>The cache blocks it owns.</summary>
    public SequenceBlocks Blocks { get; }

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int CachedLength { get; private set; }

    /// <summary>Whether it has computed any of what is in the cache, rather than found it.</summary>
    public bool HasComputed { get; private set; }

    /// <summary>Whether it lets another compute the beginning that both have.</summary>
    public bool IsFollowing { get; set; }

    /// <summary>Tokens that are not in the cache.</summary>
    public int MissingCount => Tokens.Count - CachedLength;

    public bool IsCancelled => _cancellation.IsCancellationRequested;

    /// <summary>Whether its next step computes nothing but what was generated last.</summary>
    public bool IsDecoding => MissingCount == 1 && GeneratedCount > 0;

    /// <summary>Tokens guessed to follow its last one.</summary>
    public ReadOnlySpan<int> Draft => _draft.AsSpan(0, DraftCount);

    public int DraftCount { get; private set; }

    /// <summary>Time since it was queued.</summary>
    public TimeSpan Age => _clock.GetElapsedTime(SubmittedAt);

    private int GeneratedCount => Tokens.Count - Request.Prompt.Length;

    /// <summary>Whether it was ever admitted.</summary>
    public bool HasStarted => _started != 0;

    /// <summary>Notes that it is admitted, for the first time or again, with so many of its tokens found in the cache.</summary>
    public void Start(int found)
    {
        CachedLength = found;
        if (_started != 0)
            return;
        _started = _clock.GetTimestamp();
        _promptFound = found;
        // No list grows while it is decoding.
        Tokens.EnsureCapacity(Request.Prompt.Length + MaxTokens);
        Blocks.EnsureCapacity(Request.Prompt.Length + MaxTokens);
    }

    /// <summary>Notes that so many of its tokens were found in the cache before it computed any.</summary>
    public void FindBeginning(int found)
    {
        CachedLength = found;
        // One whose blocks were taken has been counted.
        if (_promptSeen == 0)
            _promptFound = found;
    }

    /// <summary>Whether another sequence is about to compute a block that this one needs next.</summary>
    public bool MayFollow(Sequence other)
    {
        if (other.MissingCount <= 1 || other.Request.CacheShare != Request.CacheShare)
            return false;
        // The last token is computed in any case: its logits are wanted.
        var common = Math.Min(CollectionsMarshal.AsSpan(Tokens).CommonPrefixLength(CollectionsMarshal.AsSpan(other.Tokens)), Tokens.Count - 1);
        common -= common % KeyValueCache.BlockTokens;
        return common > CachedLength && common > other.CachedLength;
    }

    /// <summary>Takes up where another sequence of the same prompt is.</summary>
    public void StartFrom(Sequence other)
    {
        Start(0);
        _isSibling = true;
        CachedLength = other.CachedLength;
    }

    /// <summary>Notes that its blocks were taken and it must be computed again.</summary>
    public void Restart()
    {
        CachedLength = 0;
        DraftCount = 0;
        HasComputed = IsFollowing = _mayGuess = false;
    }

    /// <summary>Guesses its next tokens, at most so many: from its own text, or else by a draft model, where there is one.</summary>
    public void Guess(int most, DraftModel? model)
    {
        // The last token needs no successor.
        most = Math.Min(Math.Min(most, _draft.Length), MaxTokens - GeneratedCount - 1);
        _mayGuess = most > 0;
        _isModels = false;
        if (!_mayGuess)
        {
            DraftCount = 0;
            return;
        }
        _lookup ??= new PromptLookup(Request.Prompt.Length + MaxTokens);
        DraftCount = _lookup.Draft(CollectionsMarshal.AsSpan(Tokens), _draft.AsSpan(0, most));
        if (DraftCount > 0 || model is null)
            return;
        _modelPace ??= new DraftPace();
        if (_modelPace.Pauses(Tokens.Count))
            return;
        _isModels = true;
        DraftCount = model.Draft(this, CollectionsMarshal.AsSpan(Tokens), _draft.AsSpan(0, Math.Min(most, _modelPace.Length)));
    }

    /// <summary>Forgets the guess, for want of room.</summary>
    public void DropDraft() => DraftCount = 0;

    /// <summary>Notes that so many of its missing tokens are now in the cache.</summary>
    public void NoteComputed(int count)
    {
        CachedLength += count;
        HasComputed = true;
        _promptSeen = Math.Max(_promptSeen, Math.Min(CachedLength, Request.Prompt.Length));
    }

    /// <summary>
    /// Samples from the logits after its last token and, as long as what is sampled is what was guessed, from those after the guesses. So
    /// each token is drawn as it would be without guessing. Tells why the generation ends, or null if it goes on.
    /// </summary>
    /// <param name="logits"><c>[1 + DraftCount, vocabulary]</c>.</param>
    public FinishReason? Advance(ReadOnlySpan<float> logits)
    {
        var (drafted, accepted) = (DraftCount, 0);
        var vocabulary = _model.Config.VocabularySize;
        var lastTokenAt = LastTokenAt;
        FinishReason? finish;
        while ((finish = Append(logits.Slice(accepted * vocabulary, vocabulary))) is null && accepted < drafted && Tokens[^1] == _draft[accepted])
        {
            accepted++;
            CachedLength++;
        }
        _rejected += drafted - accepted;
        DraftCount = 0;
        if (_mayGuess)
            NoteGuess(drafted, accepted, _clock.GetElapsedTime(lastTokenAt, LastTokenAt));
        _mayGuess = false;
        return finish;
    }

    private void NoteGuess(int drafted, int accepted, TimeSpan elapsed)
    {
        if (_isModels && drafted > 0)
            _modelPace!.Note(drafted, accepted, Tokens.Count);
        else if (drafted > 0)
            _lookup!.Note(drafted, accepted, elapsed);
        else if (!_isModels)
            _lookup!.NotePlain(elapsed);
    }

    /// <summary>What it came to, if it ends here.</summary>
    public GenerationResult ResultOf(FinishReason reason) => new(
        reason,
        new TokenUsage(_isSibling ? 0 : Math.Max(0, _promptSeen - _promptFound), _promptFound, GeneratedCount, _rejected),
        _started == 0 ? Age : _clock.GetElapsedTime(SubmittedAt, _started),
        _firstToken == 0 ? TimeSpan.Zero : _clock.GetElapsedTime(_started, _firstToken),
        _firstToken == 0 ? TimeSpan.Zero : _clock.GetElapsedTime(_firstToken, LastTokenAt));

    /// <summary>
    /// Samples the next token from its logits, hands it to the reader, and tells why the generation ends, or null if it goes on.
    /// </summary>
    private FinishReason? Append(ReadOnlySpan<float> logits)
    {
        var token = GeneratedCount < Request.ForcedOutput.Length ? Request.ForcedOutput[GeneratedCount] : _sampler.Next(logits);
        _sampler.Observe(token);
        Tokens.Add(token);
        LastTokenAt = _clock.GetTimestamp();
        if (GeneratedCount == 1)
            _firstToken = LastTokenAt;

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
}
