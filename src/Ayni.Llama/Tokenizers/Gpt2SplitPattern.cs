namespace Ayni.Llama;

/// <summary>
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>
/// </summary>
/// <param name="digitsStandAlone">Whether every <c>\p{N}</c> is a word of its own, and the end of the text before it.</param>
internal sealed class Gpt2SplitPattern(bool digitsStandAlone) : SplitPattern
{
    /// <inheritdoc/>
    public override int FirstWord(ReadOnlySpan<char> text)
    {
        // This pattern knows lower case only.
        if (Contraction(text, 0) is > 0 and var contraction && !text[1..contraction].ContainsAnyExceptInRange('a', 'z'))
            return contraction;

        var start = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        var first = CharacterClasses.At(text, start, out var firstLength);
        if ((first & CharacterClass.Letter) != 0)
            return EndOfRun(text, start, CharacterClass.Letter);
        if ((first & CharacterClass.Number) != 0)
        {
            if (digitsStandAlone)
                return start > 0 ? start : firstLength;
            return EndOfRun(text, start, CharacterClass.Number);
        }
        var end = EndOfOthers(text, start);
        if (end > start)
            return end;

        end = EndOfRun(text, 0, CharacterClass.Space);
        var atEnd = end == text.Length
            || (digitsStandAlone && (CharacterClasses.At(text, end, out _) & CharacterClass.Number) != 0);
        return SpacesBeforeWord(end, atEnd);
    }
}
