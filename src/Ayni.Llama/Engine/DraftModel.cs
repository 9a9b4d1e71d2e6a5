using System.Runtime.InteropServices;

namespace Ayni.Llama;

/// <summary>
/// Drafts what comes next with a smaller model of the same vocabulary, whose likeliest tokens the served model then checks in one step
/// (Leviathan et al. 2023, arXiv:2211.17192). Has a cache of its own, in which few texts are at a time. Owned by the scheduler's thread.
/// </summary>
internal sealed class DraftModel : IDisposable
{
    private const int StepTokens = 256;

    private readonly Transformer _transformer;
    private readonly KeyValueCache _cache;
    private readonly Batch _batch;
    private readonly float[] _logits;
    private readonly int _contextLength;
    private readonly Text[] _texts;

    /// <summary>Reserves the cache.</summary>
    /// <param name="model">The model, which this does not own.</param>
    /// <param name="contextLength">The longest text, in tokens.</param>
    /// <param name="texts">Texts that are drafted for in turn.</param>
    public DraftModel(LlamaModel model, int contextLength, int texts)
    {
        _transformer = new Transformer(model.Config, model.Weights, model.Context, StepTokens);
        _contextLength = contextLength + DraftLength.Longest;
        _cache = new KeyValueCache(model.Config, _contextLength, StepTokens, texts, long.MaxValue);
        _batch = new Batch(model.Config);
        _logits = new float[model.Config.VocabularySize];
        _texts = [.. Enumerable.Range(0, texts).Select(_ => new Text())];
        foreach (var text in _texts)
        {
            text.Tokens.EnsureCapacity(_contextLength);
            text.Blocks.EnsureCapacity(_contextLength);
        }
    }

    /// <summary>Throws <see cref="DraftModelException"/> unless a model's tokens are those of another.</summary>
    public static void RequireSameVocabulary(LlamaModel draft, LlamaModel model)
    {
        if (draft.Config.VocabularySize != model.Config.VocabularySize)
        {
            throw new DraftModelException(
                $"The draft model {draft.Name} has {draft.Config.VocabularySize} tokens and {model.Name} has {model.Config.VocabularySize}; "
                + "drafts need a model of the same vocabulary.");
        }
        if (!draft.HasTokenizer || !model.HasTokenizer)
            return;
        for (var id = 0; id < Math.Min(draft.Tokenizer.VocabularySize, model.Tokenizer.VocabularySize); id++)
        {
            if (!draft.Tokenizer.BytesOf(id).SequenceEqual(model.Tokenizer.BytesOf(id)))
            {
                throw new DraftModelException(
                    $"Token {id} of the draft model {draft.Name} is not that of {model.Name}; drafts need a model of the same vocabulary.");
            }
        }
    }

    /// <summary>Writes the tokens that are likely to follow into <paramref name="draft"/> and returns how many.</summary>
    /// <param name="owner">Whose text it is.</param>
    /// <param name="tokens">The text so far, at least one token.</param>
    /// <param name="draft">Receives the tokens: all, unless the model's logits are no numbers.</param>
    public int Draft(object owner, ReadOnlySpan<int> tokens, Span<int> draft)
    {
        var text = TextOf(owner);
        // What was drafted and did not hold is in the cache, too, and is written over. The last token's logits are always wanted.
        var cached = Math.Min(tokens.CommonPrefixLength(CollectionsMarshal.AsSpan(text.Tokens)), tokens.Length - 1);
        CollectionsMarshal.SetCount(text.Tokens, cached);
        text.Tokens.AddRange(tokens[cached..]);
        for (var i = 0; i < draft.Length; i++)
        {
            if (i > 0)
                text.Tokens.Add(draft[i - 1]);
            while (cached < text.Tokens.Count)
                cached += Compute(text, cached);
            if ((draft[i] = Sampler.Likeliest(_logits)) < 0)
                return i;
        }
        return draft.Length;
    }

    /// <summary>Takes back what a text has in the cache.</summary>
    public void Forget(object owner)
    {
        foreach (var text in _texts)
        {
            if (text.Owner == owner)
                Clear(text);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    /// <summary>
    /// Computes the next tokens that are not in the cache, as many as a step takes, and the last one's logits; returns how many.
    /// </summary>
    private int Compute(Text text, int cached)
    {
        var count = Math.Min(StepTokens, text.Tokens.Count - cached);
        if (!_cache.TryGrow(text.Blocks, cached, cached + count))
            throw new InvalidOperationException("The draft model's cache is smaller than was reserved.");
        _batch.Clear();
        var isLast = cached + count == text.Tokens.Count;
        _batch.Add(
            CollectionsMarshal.AsSpan(text.Tokens).Slice(cached, count), [], cached, text.Blocks, isLast ? LogitSelection.Last : LogitSelection.None);
        _transformer.Forward(_batch, _cache, _logits.AsSpan(0, isLast ? _logits.Length : 0));
        return count;
    }

    /// <summary>An owner's text; a new owner takes the place of none, or of who came longest ago.</summary>
    private Text TextOf(object owner)
    {
        var place = Array.FindIndex(_texts, text => text.Owner == owner);
        if (place < 0)
            place = Array.FindIndex(_texts, text => text.Owner is null);
        if (place < 0)
            place = _texts.Length - 1;
        var found = _texts[place];
        // The latest comes first.
        Array.Copy(_texts, 0, _texts, 1, place);
        _texts[0] = found;
        if (found.Owner != owner)
        {
            Clear(found);
            found.Owner = owner;
        }
        return found;
    }

    private void Clear(Text text)
    {
        _cache.Release(text.Blocks);
        text.Tokens.Clear();
        text.Owner = null;
    }

    /// <summary>What the cache holds of an owner's text.</summary>
    private sealed class Text
    {
        public object? Owner { get; set; }

        public List<int> Tokens { get; } = [];

        public SequenceBlocks Blocks { get; } = new();
    }
}
