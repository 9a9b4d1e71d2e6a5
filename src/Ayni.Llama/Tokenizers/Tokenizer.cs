using System.Collections.Frozen;

namespace Ayni.Llama;

/// <summary>
/// Turns text into token ids and back. Immutable and safe for use by many threads at once.
/// </summary>
public abstract class Tokenizer
{
    /// <summary>How many ids there are; each is in <c>[0, VocabularySize)</c>.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>The id that opens a text (BOS), or null where the vocabulary has none.</summary>
    public int? BeginOfText { get; protected init; }

    /// <summary>The id that ends a text (EOS), or null where the vocabulary has none.</summary>
    public int? EndOfText { get; protected init; }

    /// <summary>Whether a prompt of this model starts with <see cref="BeginOfText"/>.</summary>
    public bool AddsBeginOfText { get; protected init; }

    /// <summary>Every id at which generation stops: end of text, end of turn, end of message.</summary>
    public FrozenSet<int> EndOfGeneration { get; protected init; } = FrozenSet<int>.Empty;

    /// <summary>The id of the special token with exactly this text, such as <c>&lt;|eot_id|&gt;</c>; null where there is none.</summary>
    public abstract int? FindSpecial(string text);

    /// <summary>Whether the id is a control token, which stands for no text of its own.</summary>
    public abstract bool IsSpecial(int id);

    /// <summary>
    /// Appends the ids of <paramref name="text"/>; never adds BOS or EOS.
    /// </summary>
    /// <param name="text">UTF-16 text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="ids">Receives the ids.</param>
    /// <param name="special">True to turn the texts of special tokens into their ids; false to treat them as plain text.</param>
    public abstract void Encode(ReadOnlySpan<char> text, List<int> ids, bool special = false);

    /// <summary>
    /// The bytes one id stands for; for a special token, the UTF-8 of its text.
    /// Throws <see cref="ArgumentOutOfRangeException"/> for an id outside the vocabulary.
    /// </summary>
    public abstract ReadOnlySpan<byte> BytesOf(int id);

    /// <summary>The ids of <paramref name="text"/>, without BOS or EOS.</summary>
    public int[] Encode(string text, bool special = false)
    {
        var ids = new List<int>();
        Encode(text, ids, special);
        return [.. ids];
    }
}
