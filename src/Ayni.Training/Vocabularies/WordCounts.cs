using System.Diagnostics;
using System.Text;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// The words of some texts and how often each occurs: what a vocabulary is learned from. Nothing is ever merged across words.
/// One thread at a time.
/// </summary>
public sealed class WordCounts
{
    /// <summary>What SentencePiece writes for a space.</summary>
    internal const char SpaceMark = '\u2581';

    private readonly VocabularyOptions _options;
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    internal WordCounts(VocabularyOptions options)
    {
        _options = options;
        _lookup = _counts.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Documents that were read.</summary>
    public long Documents { get; private set; }

    /// <summary>Their length in UTF-8, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>The words in ordinal order, which is the same for the same texts in any order.</summary>
    internal IEnumerable<KeyValuePair<string, long>> Words => _counts.OrderBy(word => word.Key, StringComparer.Ordinal);

    /// <summary>
    /// Counts the words of files: <c>.jsonl</c> files as the documents of their lines (<c>{"text": …}</c> or <c>{"messages": […]}</c>), all
    /// others as one text in UTF-8 each.
    /// </summary>
    /// <param name="paths">Files, folders with <c>.txt</c> and <c>.jsonl</c> files, or patterns with <c>*</c> and <c>**</c>.</param>
    /// <param name="options">What the vocabulary shall be like, which says how text is cut into words.</param>
    /// <param name="progress">Told the share of the bytes that is read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="DataException">A file can't be read, or there is no text in any.</exception>
    public static WordCounts Read(
        IReadOnlyList<string> paths, VocabularyOptions options, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var counts = new WordCounts(options);
        SourceFile[] files =
        [
            .. paths.SelectMany(path => SourceFiles.Find(path, path, Environment.CurrentDirectory)).DistinctBy(file => file.Path),
        ];
        var (all, done) = (files.Sum(file => new FileInfo(file.Path).Length), 0L);
        foreach (var file in files)
        {
            foreach (var (_, _, document, _) in DocumentReader.Read(DataFormat.Auto, file))
            {
                cancellationToken.ThrowIfCancellationRequested();
                counts.Documents++;
                foreach (var text in TextsOf(document))
                    counts.Add(text);
            }
            progress?.Report((done += new FileInfo(file.Path).Length) / (double)Math.Max(1, all));
        }
        return counts._counts.Count > 0 ? counts : throw new DataException("There is no text in any of the files; name some with text.");
    }

    /// <summary>Counts the words of a text.</summary>
    internal void Add(ReadOnlySpan<char> text)
    {
        Bytes += Encoding.UTF8.GetByteCount(text);
        if (_options.Kind == VocabularyKind.ByteLevel)
        {
            AddWords(text);
            return;
        }
        // As SentencePiece's own trainer has it: each line opens with a space's mark, and its end is no part of any word.
        foreach (var line in text.EnumerateLines())
        {
            if (!line.IsEmpty)
                AddLine(SpaceMark + line.ToString().Replace(' ', SpaceMark));
        }
    }

    /// <summary>A document's texts; of a conversation also the words that its format puts around what is said.</summary>
    private static IEnumerable<string> TextsOf(SourceDocument document) => document switch
    {
        TextDocument text => [text.Text],
        ConversationDocument { Conversation: var conversation } => conversation.Messages.SelectMany(
            message => (string[])[message.Role.ToString().ToLowerInvariant(), "\n\n", message.Content]),
        _ => throw new UnreachableException(),
    };

    private void AddWords(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var length = SplitPattern.Llama3.FirstWord(text);
            // A pattern that files know can't set digits apart, but no merge of two is learned if no word has two.
            if (_options.Digits == DigitMerging.Apart && IsNumber(text, 0, out var digit))
                length = digit;
            AddWord(text[..length]);
            text = text[length..];
        }
    }

    /// <summary>
    /// Cuts before each space, and where letters, numbers and other characters meet (SentencePiece's <c>split_by_unicode_script</c> and
    /// <c>split_by_number</c>, for words of one script).
    /// </summary>
    private void AddLine(ReadOnlySpan<char> line)
    {
        var (start, kind) = (0, CharacterClass.Space);
        for (var i = 0; i < line.Length;)
        {
            var next = line[i] == SpaceMark ? CharacterClass.Space : KindOf(line, i, kind);
            _ = CharacterClasses.At(line, i, out var length);
            var setsApart = next == CharacterClass.Number && kind == next && _options.Digits == DigitMerging.Apart;
            if (i > start && (next == CharacterClass.Space || setsApart || (kind != CharacterClass.Space && kind != next)))
            {
                AddWord(line[start..i]);
                start = i;
            }
            // A digit stands alone, without the space before it.
            if (next == CharacterClass.Number && _options.Digits == DigitMerging.Apart && i > start)
            {
                AddWord(line[start..i]);
                start = i;
            }
            (kind, i) = (next, i + length);
        }
        AddWord(line[start..]);
    }

    /// <summary>Letter, number or other; a mark is what it stands on.</summary>
    private static CharacterClass KindOf(ReadOnlySpan<char> text, int index, CharacterClass before)
    {
        const CharacterClass mark = CharacterClass.UpperOrUncased | CharacterClass.LowerOrUncased;
        var kind = CharacterClasses.At(text, index, out _);
        if ((kind & CharacterClass.Letter) != 0)
            return CharacterClass.Letter;
        if ((kind & CharacterClass.Number) != 0)
            return CharacterClass.Number;
        return kind == mark && before is CharacterClass.Letter or CharacterClass.Number ? before : CharacterClass.Other;
    }

    private static bool IsNumber(ReadOnlySpan<char> text, int index, out int length) =>
        (CharacterClasses.At(text, index, out length) & CharacterClass.Number) != 0;

    private void AddWord(ReadOnlySpan<char> word)
    {
        _lookup.TryGetValue(word, out var count);
        _lookup[word] = count + 1;
    }
}
