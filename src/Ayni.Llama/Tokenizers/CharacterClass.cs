using System.Globalization;
using System.Text;

namespace Ayni.Llama;

/// <summary>What the split patterns ask of a character: <c>\p{L}</c>, <c>\p{N}</c>, <c>\s</c>, line ends, case and marks.</summary>
[Flags]
internal enum CharacterClass : byte
{
    /// <summary>Punctuation, symbols, controls and all else.</summary>
    Other = 0,

    /// <summary><c>\p{L}</c>.</summary>
    Letter = 1,

    /// <summary><c>\p{N}</c>.</summary>
    Number = 2,

    /// <summary><c>\s</c>: Unicode's White_Space.</summary>
    Space = 4,

    /// <summary>Carriage return or line feed; a space as well.</summary>
    LineEnd = 8,

    /// <summary><c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>.</summary>
    UpperOrUncased = 16,

    /// <summary><c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>.</summary>
    LowerOrUncased = 32,
}

/// <summary>Classifies the characters of UTF-16 text; a lone surrogate counts as U+FFFD, a symbol.</summary>
internal static class CharacterClasses
{
    private const CharacterClass Upper = CharacterClass.Letter | CharacterClass.UpperOrUncased;
    private const CharacterClass Lower = CharacterClass.Letter | CharacterClass.LowerOrUncased;
    private const CharacterClass Mark = CharacterClass.UpperOrUncased | CharacterClass.LowerOrUncased;
    private const CharacterClass Uncased = CharacterClass.Letter | Mark;

    private static readonly CharacterClass[] OfAscii = [.. Enumerable.Range(0, 128).Select(c => OfCategory((char)c))];

    /// <summary>The class of the character that starts at an index, and how many UTF-16 units it takes.</summary>
    public static CharacterClass At(ReadOnlySpan<char> text, int index, out int length)
    {
        length = 1;
        var c = text[index];
        if (c < OfAscii.Length)
            return OfAscii[c];
        if (!char.IsSurrogate(c))
            return OfCategory(c);
        if (Rune.DecodeFromUtf16(text[index..], out var rune, out length) == System.Buffers.OperationStatus.Done)
            return OfCategory(CharUnicodeInfo.GetUnicodeCategory(rune.Value));
        length = 1;
        return CharacterClass.Other;
    }

    private static CharacterClass OfCategory(char c)
    {
        if (c is '\r' or '\n')
            return CharacterClass.Space | CharacterClass.LineEnd;
        return char.IsWhiteSpace(c) ? CharacterClass.Space : OfCategory(CharUnicodeInfo.GetUnicodeCategory(c));
    }

    private static CharacterClass OfCategory(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Upper,
        UnicodeCategory.LowercaseLetter => Lower,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Uncased,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => Mark,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => CharacterClass.Other,
    };
}
