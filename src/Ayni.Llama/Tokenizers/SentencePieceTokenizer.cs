using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Ayni.Llama;

/// <summary>
/// SentencePiece's byte-pair encoding (Llama 1 and 2 and their heirs): the characters of a text are merged into pieces, those of the
/// highest score first; characters that are no pieces are written by the tokens of their UTF-8 bytes. Immutable and safe for many
/// threads.
/// </summary>
/// <remarks>
/// SentencePiece writes a space as U+2581 and so takes U+2581 in a text for a space. Here both are a space inside, which is the same.
/// Text is cut where no piece has the two characters side by side: nothing could merge across, so the parts can be encoded, and remembered,
/// each on its own.
/// </remarks>
public sealed class SentencePieceTokenizer : Tokenizer
{
    private const char SpaceMark = '\u2581';
    private const int StackSymbols = 256;

    private readonly SentencePieceFormat _format;
    private readonly PairMerger _merger;
    private readonly PieceNeighbours _neighbours;
    private readonly int[] _symbolOfAscii;
    private readonly Dictionary<Rune, int> _idOfRune = [];
    private readonly int[] _idOfByte = new int[256];
    private readonly Dictionary<int, int[]> _partsOfUnused = [];

    /// <param name="vocabulary">The tokens as <see cref="VocabularyOf"/> gives them.</param>
    /// <param name="pieces">The pieces they come from.</param>
    /// <param name="format">How text is treated.</param>
    /// <param name="fail">The error for a piece, given its id and what is wrong.</param>
    /// <param name="merges">Which pieces merge into which, where that is stated; null where their scores say it.</param>
    internal SentencePieceTokenizer(
        Vocabulary vocabulary,
        IReadOnlyList<SentencePiece> pieces,
        SentencePieceFormat format,
        Func<int, string, ModelFormatException> fail,
        PairTable? merges = null)
        : base(vocabulary)
    {
        _format = format;
        Array.Fill(_idOfByte, -1);
        for (var id = 0; id < pieces.Count; id++)
        {
            if (pieces[id].Type == TokenType.Byte)
                _idOfByte[vocabulary.BytesOf(id)[0]] = id;
            else if (SingleRune(vocabulary.BytesOf(id)) is { } rune && vocabulary.Find(vocabulary.BytesOf(id)) is >= 0 and var found)
                _idOfRune[rune] = found;
        }
        var writesAllBytes = format.FallsBackToBytes && !_idOfByte.Contains(-1);
        if (!writesAllBytes && format.UnknownId is null)
            throw fail(0, "there is neither a token for every byte nor one for the unknown, so not every text can be encoded");

        var pairs = merges ?? new PairTable(pieces.Count * 2);
        _merger = new PairMerger(pairs);
        Pairs = pairs;
        _symbolOfAscii = [.. Enumerable.Range(0, 128).Select(c => SymbolOf(new Rune((char)c)))];
        if (merges is null)
            AddRules(pairs, pieces, fail);
        // A run of unknown characters is one token, wherever it might be cut.
        _neighbours = writesAllBytes ? new PieceNeighbours(vocabulary) : PieceNeighbours.All;
    }

    /// <summary>Which pieces merge into which; a negative number stands for a character that is no piece.</summary>
    internal PairTable Pairs { get; }

    /// <summary>How text is treated.</summary>
    internal SentencePieceFormat Format => _format;

    /// <inheritdoc/>
    internal override bool OpensWithSpace => _format.AddsDummySpace;

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<char> text, List<int> ids, bool special = false)
    {
        ArgumentNullException.ThrowIfNull(ids);
        while (special && Vocabulary.Control.TryFind(text, out var start, out var length, out var id))
        {
            EncodeText(text[..start], ids);
            ids.Add(id);
            text = text[(start + length)..];
        }
        EncodeText(text, ids);
    }

    /// <summary>The vocabulary of some pieces: with spaces for U+2581, and with the byte that a byte token means.</summary>
    internal static Vocabulary VocabularyOf(IReadOnlyList<SentencePiece> pieces, Func<int, string, ModelFormatException> fail)
    {
        var builder = new VocabularyBuilder();
        for (var id = 0; id < pieces.Count; id++)
        {
            var (text, _, type) = pieces[id];
            if (type == TokenType.Byte)
                builder.Add([ByteOf(text) ?? throw fail(id, $"a byte token is written <0x00> to <0xFF>, not {text}")], type);
            else if (type is TokenType.Control or TokenType.Unknown)
                builder.Add(text, type);
            else
                builder.Add(text.Replace(SpaceMark, ' '), type);
        }
        return builder.Build();
    }

    /// <summary>The byte that a text such as <c>&lt;0x0A&gt;</c> means, or null.</summary>
    internal static byte? ByteOf(string text) =>
        text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
            && char.IsAsciiHexDigit(text[3]) && char.IsAsciiHexDigit(text[4])
            ? Convert.FromHexString(text.AsSpan(3, 2))[0]
            : null;

    /// <summary>
    /// A piece merges from any two halves; the higher its score, the sooner. Shorter pieces come first, so that the rules known when an
    /// unused piece is met tell its parts, which stand for it.
    /// </summary>
    private void AddRules(PairTable pairs, IReadOnlyList<SentencePiece> pieces, Func<int, string, ModelFormatException> fail)
    {
        int[] merged = [.. Enumerable.Range(0, pieces.Count).Where(id => pieces[id].Type is TokenType.Normal or TokenType.Unused)];
        foreach (var id in merged)
        {
            if (float.IsNaN(pieces[id].Score))
                throw fail(id, "the score is not a number");
            if (Vocabulary.BytesOf(id).Length > TokenizerFile.MaxMergedBytes)
                throw fail(id, $"the piece has more than {TokenizerFile.MaxMergedBytes} bytes");
        }
        float[] scores = [.. merged.Select(id => pieces[id].Score).Distinct().Order()];
        foreach (var id in merged.OrderBy(id => Vocabulary.BytesOf(id).Length))
        {
            var bytes = Vocabulary.BytesOf(id);
            if (Vocabulary.Find(bytes) != id)
                continue;
            if (pieces[id].Type == TokenType.Unused && SingleRune(bytes) is null)
                _partsOfUnused[id] = Parts(bytes);
            TokenizerFile.AddSplits(pairs, bytes, id, scores.Length - 1 - Array.BinarySearch(scores, pieces[id].Score), SymbolOf);
        }
    }

    private int[] Parts(ReadOnlySpan<byte> piece)
    {
        var ids = new List<int>();
        EncodePart(Encoding.UTF8.GetString(piece), ids);
        return [.. ids];
    }

    private void EncodeText(ReadOnlySpan<char> text, List<int> ids)
    {
        if (text.IsEmpty)
            return;
        var buffer = ArrayPool<char>.Shared.Rent(text.Length + 1);
        buffer[0] = ' ';
        text.Replace(buffer.AsSpan(1), SpaceMark, ' ');
        var normalized = buffer.AsSpan(1, text.Length);
        if (_format.RemovesExtraSpaces)
            normalized = RemoveExtraSpaces(normalized);
        if (!normalized.IsEmpty)
        {
            // The place before the text holds the dummy space.
            var rest = _format.AddsDummySpace ? buffer.AsSpan(0, normalized.Length + 1) : normalized;
            while (Vocabulary.UserDefined.TryFind(rest, out var start, out var length, out var id))
            {
                EncodeParts(rest[..start], ids);
                ids.Add(id);
                rest = rest[(start + length)..];
            }
            EncodeParts(rest, ids);
        }
        ArrayPool<char>.Shared.Return(buffer);
    }

    /// <summary>Takes spaces off both ends and makes several one, in place.</summary>
    private static Span<char> RemoveExtraSpaces(Span<char> text)
    {
        var count = 0;
        foreach (var c in text.TrimEnd(' '))
        {
            if (c != ' ' || (count > 0 && text[count - 1] != ' '))
                text[count++] = c;
        }
        return text[..count];
    }

    private void EncodeParts(ReadOnlySpan<char> text, List<int> ids)
    {
        var (lookups, misses) = (0, 0);
        while (!text.IsEmpty)
        {
            var part = text[.._neighbours.FirstPart(text)];
            if (part.Length > WordCache.MaxWordLength)
            {
                EncodePart(part, ids);
            }
            else if (Cache.TryFind(part, out var known))
            {
                lookups++;
                ids.AddRange(known);
            }
            else
            {
                var before = ids.Count;
                EncodePart(part, ids);
                Cache.Add(part, CollectionsMarshal.AsSpan(ids)[before..]);
                lookups++;
                misses++;
            }
            text = text[part.Length..];
        }
        Cache.Count(lookups, misses);
    }

    private void EncodePart(ReadOnlySpan<char> part, List<int> ids)
    {
        var rented = part.Length > StackSymbols ? ArrayPool<int>.Shared.Rent(part.Length) : null;
        var symbols = rented ?? stackalloc int[StackSymbols];
        var count = 0;
        foreach (var rune in part.EnumerateRunes())
            symbols[count++] = rune.IsAscii ? _symbolOfAscii[rune.Value] : SymbolOf(rune);

        var unknownBefore = false;
        foreach (var symbol in symbols[.._merger.Merge(symbols[..count])])
        {
            var unknown = symbol < 0 && !TryAddBytes(new Rune(-1 - symbol), ids);
            if (unknown && !unknownBefore)
                ids.Add(_format.UnknownId.GetValueOrDefault());
            else if (symbol >= 0)
                AddPiece(symbol, ids);
            unknownBefore = unknown;
        }
        if (rented is not null)
            ArrayPool<int>.Shared.Return(rented);
    }

    private void AddPiece(int id, List<int> ids)
    {
        if (_partsOfUnused.Count > 0 && _partsOfUnused.TryGetValue(id, out var parts))
            ids.AddRange(parts);
        else
            ids.Add(id);
    }

    /// <summary>Writes a character by its bytes; false, and nothing added, where one of them has no token.</summary>
    private bool TryAddBytes(Rune rune, List<int> ids)
    {
        if (!_format.FallsBackToBytes)
            return false;
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..(rune.Value == ' ' ? new Rune(SpaceMark) : rune).EncodeToUtf8(bytes)];
        foreach (var b in bytes)
        {
            if (_idOfByte[b] < 0)
                return false;
        }
        foreach (var b in bytes)
            ids.Add(_idOfByte[b]);
        return true;
    }

    /// <summary>A character's symbol: the id of its piece, or a negative number of its own.</summary>
    private int SymbolOf(Rune rune) => _idOfRune.TryGetValue(rune, out var id) ? id : -1 - rune.Value;

    private int? SymbolOf(ReadOnlySpan<byte> bytes)
    {
        if (Vocabulary.Find(bytes) is >= 0 and var id)
            return id;
        return SingleRune(bytes) is { } rune ? -1 - rune.Value : null;
    }

    private static Rune? SingleRune(ReadOnlySpan<byte> bytes) =>
        Rune.DecodeFromUtf8(bytes, out var rune, out var length) == OperationStatus.Done && length == bytes.Length ? rune : null;
}
