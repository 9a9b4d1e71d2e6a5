using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Turns ids into text as they come: what <see cref="Append"/> returns can be shown at once and is never taken back. Bytes of a character
/// that is not yet complete are held; each maximal part that can't become UTF-8 gives one U+FFFD. One stream, one thread at a time.
/// </summary>
/// <remarks>The pieces and the flush together are exactly <see cref="Tokenizer.Decode"/> of all ids.</remarks>
public sealed class TokenDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private bool _dropsSpace;

    /// <summary>Starts a stream.</summary>
    /// <param name="tokenizer">Whose ids will come.</param>
    /// <param name="skipSpecial">True to leave special tokens out; false to write their texts.</param>
    /// <param name="continues">
    /// True where the ids go on after a text, such as a prompt, that was decoded or typed elsewhere: a SentencePiece vocabulary's first
    /// space then belongs to the text. False where they are a text of their own.
    /// </param>
    public TokenDecoder(Tokenizer tokenizer, bool skipSpecial = false, bool continues = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
        _dropsSpace = tokenizer.OpensWithSpace && !continues;
    }

    /// <summary>
    /// The text that the next id completes; empty where nothing can be shown yet.
    /// Throws <see cref="ArgumentOutOfRangeException"/> for an id outside the vocabulary.
    /// </summary>
    public string Append(int id)
    {
        var special = _tokenizer.IsSpecial(id);
        if (special && _skipSpecial)
            return "";
        var bytes = _tokenizer.BytesOf(id);
        if (!special && _dropsSpace)
        {
            _dropsSpace = false;
            if (bytes is [(byte)' ', ..])
                bytes = bytes[1..];
        }
        return Decode(bytes, flush: false);
    }

    /// <summary>What was still held back, now that no more ids come: U+FFFD for an incomplete character, else nothing.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var count = _utf8.GetCharCount(bytes, flush);
        if (count == 0)
        {
            // Still to be told the bytes it has to hold.
            _utf8.GetChars(bytes, [], flush);
            return "";
        }
        Span<char> text = count <= 256 ? stackalloc char[count] : new char[count];
        return text[.._utf8.GetChars(bytes, text, flush)].ToString();
    }
}
