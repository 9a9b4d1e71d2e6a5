using System.Collections.Frozen;

namespace Ayni.Llama;

/// <summary>
/// Turns text into token ids and back. Immutable and safe for use by many threads at once.
/// </summary>
public abstract class Tokenizer
{
    private protected Tokenizer(Vocabulary vocabulary) => Vocabulary = vocabulary;

    /// <summary>How many ids there are; each is in <c>[0, VocabularySize)</c>.</summary>
    public int VocabularySize => Vocabulary.Count;

    /// <summary>The id that opens a text (BOS), or null where the vocabulary has none.</summary>
    public int? BeginOfText { get; internal init; }

    /// <summary>The id that ends a text (EOS), or null where the vocabulary has none.</summary>
    public int? EndOfText { get; internal init; }

    /// <summary>Whether a prompt of this model starts with <see cref="BeginOfText"/>.</summary>
    public bool AddsBeginOfText { get; internal init; }

    /// <summary>Every id at which generation stops: end of text, end of turn, end of message.</summary>
    public FrozenSet<int> EndOfGeneration { get; internal init; } = FrozenSet<int>.Empty;

    /// <summary>The chat template that came with the tokenizer's own files, or null; a GGUF's is in its metadata.</summary>
    public string? ChatTemplate { get; internal init; }

    /// <summary>How the cache of words was used so far.</summary>
    public WordCacheUse CacheUse => Cache.Use;

    /// <summary>Whether encoding puts a space before a text, which decoding takes away again.</summary>
    internal virtual bool OpensWithSpace => false;

    /// <summary>The tokens.</summary>
    internal Vocabulary Vocabulary { get; }

    /// <summary>The ids of words met before.</summary>
    private protected WordCache Cache { get; } = new();

    /// <summary>
    /// The tokenizer a GGUF file describes (<c>tokenizer.ggml.*</c>). Throws <see cref="ModelFormatException"/> naming the key where it is
    /// of an unknown kind or contradicts itself.
    /// </summary>
    public static Tokenizer FromGguf(GgufMetadata metadata) => GgufTokenizer.Read(metadata);

    /// <summary>
    /// Reads a bare tokenizer file: a SentencePiece model (<c>tokenizer.model</c> of Llama 1 and 2), a list of ranks in tiktoken's form
    /// (<c>tokenizer.model</c> of Llama 3 and 4, <c>*.tiktoken</c>) or Hugging Face's <c>tokenizer.json</c> (with
    /// <c>tokenizer_config.json</c> and <c>chat_template.jinja</c> where they lie beside it), told apart by their contents. Throws
    /// <see cref="ModelFormatException"/> naming the place and the field where the file is neither or is broken, and the file system's
    /// own exceptions.
    /// </summary>
    public static Tokenizer Open(string path)
    {
        var content = TokenizerFile.ReadAll(path);
        if (HuggingFaceTokenizer.Recognizes(content))
            return HuggingFaceTokenizer.Parse(path, content, TokenizerConfiguration.ReadBeside(path));
        return TiktokenFile.Recognizes(content) ? TiktokenFile.Parse(path, content) : SentencePieceModel.Parse(path, content);
    }

    /// <summary>The id of the special token with exactly this text, such as <c>&lt;|eot_id|&gt;</c>; null where there is none.</summary>
    public int? FindSpecial(string text) => Vocabulary.Special.Find(text);

    /// <summary>Finds the first control token written in a text; false where there is none.</summary>
    internal bool TryFindControl(ReadOnlySpan<char> text, out int start, out int length, out int id) =>
        Vocabulary.Control.TryFind(text, out start, out length, out id);

    /// <summary>
    /// Whether the id is a control token, which stands for no text of its own.
    /// Throws <see cref="ArgumentOutOfRangeException"/> for an id outside the vocabulary.
    /// </summary>
    public bool IsSpecial(int id) => Vocabulary.TypeOf(id) is TokenType.Control or TokenType.Unknown;

    /// <summary>
    /// Appends the ids of <paramref name="text"/>; never adds BOS or EOS.
    /// </summary>
    /// <param name="text">UTF-16 text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="ids">Receives the ids.</param>
    /// <param name="special">True to turn the texts of special tokens into their ids; false to treat them as plain text.</param>
    public abstract void Encode(ReadOnlySpan<char> text, List<int> ids, bool special = false);

    /// <summary>The ids of <paramref name="text"/>, without BOS or EOS.</summary>
    public int[] Encode(string text, bool special = false)
    {
        var ids = new List<int>();
        Encode(text, ids, special);
        return [.. ids];
    }

    /// <summary>
    /// The bytes one id stands for; for a special token, the UTF-8 of its text.
    /// Throws <see cref="ArgumentOutOfRangeException"/> for an id outside the vocabulary.
    /// </summary>
    public ReadOnlySpan<byte> BytesOf(int id) => Vocabulary.BytesOf(id);

    /// <summary>
    /// The text of a whole sequence, U+FFFD for each maximal part that is not UTF-8.
    /// Throws <see cref="ArgumentOutOfRangeException"/> for an id outside the vocabulary.
    /// </summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecial">True to leave special tokens out; false to write their texts.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        var text = new System.Text.StringBuilder();
        var decoder = new TokenDecoder(this, skipSpecial);
        foreach (var id in ids)
            text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>Gathers the ids at which generation stops: those a file names, and tokens known by their text.</summary>
    internal static FrozenSet<int> EndsOfGeneration(Vocabulary vocabulary, params IEnumerable<int?> named) =>
        named.Concat(SpecialTokens.Endings.Select(vocabulary.Special.Find)).OfType<int>().ToFrozenSet();
}
