namespace Ayni.Llama;

/// <summary>
/// With U = <c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>, L = <c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>, C = <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)?</c>:
/// <c>[^\r\n\p{L}\p{N}]?U*L+C|[^\r\n\p{L}\p{N}]?U+L*C|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
/// </summary>
internal sealed class Llama4SplitPattern : SplitPattern
{
    /// <summary>The published regular expression.</summary>
    public const string Expression =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    public override int FirstWord(ReadOnlySpan<char> text)
    {
        var first = CharacterClasses.At(text, 0, out var firstLength);
        if ((first & CharacterClass.Number) != 0)
            return UpToThreeNumbers(text);

        // A mark is both a possible prefix and, where nothing else follows, all of the word.
        var isMark = (first & (CharacterClass.Letter | CharacterClass.LowerOrUncased)) == CharacterClass.LowerOrUncased;
        var prefix = (first & (CharacterClass.Letter | CharacterClass.LineEnd)) != 0 ? 0 : firstLength;
        var end = EndOfLetters(text, prefix, lowerNeeded: isMark);
        if (end == 0 && isMark)
            end = firstLength;
        if (end > 0)
            return end + Contraction(text, end);

        var others = text[0] == ' ' ? 1 : 0;
        end = EndOfOthers(text, others);
        if (end == others)
            return LinesOrSpaces(text);
        while (end < text.Length && text[end] is '\r' or '\n' or '/')
            end++;
        return end;
    }

    /// <summary>Where <c>U*L+</c>, or failing that and unless lower case is needed <c>U+L*</c>, ends; 0 where it does not match.</summary>
    private static int EndOfLetters(ReadOnlySpan<char> text, int start, bool lowerNeeded)
    {
        var (end, lastLower) = (start, 0);
        while (end < text.Length)
        {
            var classes = CharacterClasses.At(text, end, out var length);
            if ((classes & CharacterClass.UpperOrUncased) == 0)
                break;
            end += length;
            if ((classes & CharacterClass.LowerOrUncased) != 0)
                lastLower = end;
        }
        var lower = EndOfRun(text, end, CharacterClass.LowerOrUncased);
        if (lower > end)
            return lower;

        // No lower case follows: U* gives characters back until L+ can take one, the last that is uncased.
        if (lastLower > 0 || lowerNeeded)
            return lastLower;
        return end > start ? end : 0;
    }
}
