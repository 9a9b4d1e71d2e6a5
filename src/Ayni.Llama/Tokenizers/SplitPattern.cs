namespace Ayni.Llama;

/// <summary>
/// Cuts text into the words that byte-pair encoding never merges across: the published regular expressions, written out as scanners
/// that read each character once or twice.
/// </summary>
internal abstract class SplitPattern
{
    /// <summary>Llama 3's pattern.</summary>
    public static SplitPattern Llama3 { get; } = new Llama3SplitPattern();

    /// <summary>Llama 4's pattern.</summary>
    public static SplitPattern Llama4 { get; } = new Llama4SplitPattern();

    /// <summary>GPT-2's pattern.</summary>
    public static SplitPattern Gpt2 { get; } = new Gpt2SplitPattern(digitsStandAlone: false);

    /// <summary>GPT-2's pattern after each digit has been set apart, as in SmolLM.</summary>
    public static SplitPattern Gpt2SingleDigits { get; } = new Gpt2SplitPattern(digitsStandAlone: true);

    /// <summary>The length of the first word of a text that is not empty.</summary>
    public abstract int FirstWord(ReadOnlySpan<char> text);

    /// <summary>Where a run of characters that have any of some classes ends.</summary>
    protected static int EndOfRun(ReadOnlySpan<char> text, int start, CharacterClass classes)
    {
        while (start < text.Length && (CharacterClasses.At(text, start, out var length) & classes) != 0)
            start += length;
        return start;
    }

    /// <summary>Where a run of <c>[^\s\p{L}\p{N}]</c> ends.</summary>
    protected static int EndOfOthers(ReadOnlySpan<char> text, int start)
    {
        const CharacterClass wordOrSpace = CharacterClass.Letter | CharacterClass.Number | CharacterClass.Space;
        while (start < text.Length && (CharacterClasses.At(text, start, out var length) & wordOrSpace) == 0)
            start += length;
        return start;
    }

    /// <summary><c>\p{N}{1,3}</c> at the start of a text that starts with a number.</summary>
    protected static int UpToThreeNumbers(ReadOnlySpan<char> text)
    {
        var end = 0;
        for (var count = 0; count < 3 && end < text.Length; count++)
        {
            if ((CharacterClasses.At(text, end, out var length) & CharacterClass.Number) == 0)
                break;
            end += length;
        }
        return end;
    }

    /// <summary>
    /// <c>\s*[\r\n]+|\s+(?!\S)|\s+</c> at the start of a text that starts with a space: up to the last line end; else all but the last
    /// space before a word; else all.
    /// </summary>
    protected static int LinesOrSpaces(ReadOnlySpan<char> text)
    {
        var end = EndOfRun(text, 0, CharacterClass.Space);
        var lastLineEnd = text[..end].LastIndexOfAny('\r', '\n');
        return lastLineEnd >= 0 ? lastLineEnd + 1 : SpacesBeforeWord(end, end == text.Length);
    }

    /// <summary><c>\s+(?!\S)|\s+</c> given the run's length; a space is one UTF-16 unit in all of Unicode.</summary>
    protected static int SpacesBeforeWord(int run, bool atEnd) => atEnd || run == 1 ? run : run - 1;

    /// <summary>
    /// The length of <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)</c> at a place, or 0. Unicode's case folding makes U+017F, the long s, an s.
    /// </summary>
    protected static int Contraction(ReadOnlySpan<char> text, int start)
    {
        if (start + 1 >= text.Length || text[start] != '\'')
            return 0;
        var first = Fold(text[start + 1]);
        if (first is 's' or 't' or 'm' or 'd')
            return 2;
        var second = start + 2 < text.Length ? Fold(text[start + 2]) : '\0';
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;

        static char Fold(char c) => c == '\u017F' ? 's' : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
    }
}
