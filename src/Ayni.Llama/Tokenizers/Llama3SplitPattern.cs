namespace Ayni.Llama;

/// <summary>
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
/// </summary>
internal sealed class Llama3SplitPattern : SplitPattern
{
    /// <summary>The published regular expression.</summary>
    public const string Expression =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    public override int FirstWord(ReadOnlySpan<char> text)
    {
        if (Contraction(text, 0) is > 0 and var contraction)
            return contraction;

        var first = CharacterClasses.At(text, 0, out var firstLength);
        if ((first & CharacterClass.Number) != 0)
            return UpToThreeNumbers(text);
        var letters = (first & (CharacterClass.Letter | CharacterClass.LineEnd)) != 0 ? 0 : firstLength;
        var end = EndOfRun(text, letters, CharacterClass.Letter);
        if (end > letters)
            return end;

        var others = text[0] == ' ' ? 1 : 0;
        end = EndOfOthers(text, others);
        if (end > others)
            return EndOfRun(text, end, CharacterClass.LineEnd);
        return LinesOrSpaces(text);
    }
}
