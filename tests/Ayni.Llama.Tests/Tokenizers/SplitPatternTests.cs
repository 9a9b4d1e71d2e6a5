using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

/// <summary>The scanners against the regular expressions they write out, run by .NET's engine.</summary>
public class SplitPatternTests
{
    // .NET's \s is Unicode's White_Space, and its classes know only UTF-16 units: texts here stay in the basic plane.
    private const string Contraction = "'(?:[sStTmMdD\u017F]|[rR][eE]|[vV][eE]|[lL][lL])";
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";

    private const string Llama3 = Contraction + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Llama4 = $@"[^\r\n\p{{L}}\p{{N}}]?{Upper}*{Lower}+(?:{Contraction})?"
        + $@"|[^\r\n\p{{L}}\p{{N}}]?{Upper}+{Lower}*(?:{Contraction})?"
        + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // Characters of every class the patterns know, the contractions' letters, and what case folding might surprise with.
    private static readonly char[] Alphabet =
    [
        .. "sStTrReEvVmMlLdD''''  \t\r\n\n//.,!1234", '\u017F', '\u212A', '\u0130', '\u0131',
        '\u00A0', '\u0085', '\u2028', '\u3000', '\u200B', '\u001C', '\u0301', '\u0903', '\u20DD', '\u01C5', '\u02B0',
        '\u0645', '\u4E00', '\u00E9', '\u00C9', '\u00BD', '\u2167', '\u0664', '\u2603', '\uFFFD', '\0',
    ];

    private static readonly Arbitrary<string> Texts =
        Gen.Elements(Alphabet).ListOf().Select(characters => new string([.. characters])).ToArbitrary();

    [Fact]
    public void Llama_3_splits_as_its_regular_expression() => AgreesWith(Llama3, SplitPattern.Llama3);

    [Fact]
    public void Llama_4_splits_as_its_regular_expression() => AgreesWith(Llama4, SplitPattern.Llama4);

    [Fact]
    public void Gpt_2_splits_as_its_regular_expression() => AgreesWith(Gpt2, SplitPattern.Gpt2);

    [Fact]
    public void Single_digits_are_set_apart_before_the_rest_is_split()
    {
        var digits = new Regex(@"\p{N}", RegexOptions.CultureInvariant);
        var rest = new Regex(Gpt2, RegexOptions.CultureInvariant);
        Prop.ForAll(Texts, text =>
        {
            var expected = new List<string>();
            var start = 0;
            foreach (var digit in digits.Matches(text).Append(null))
            {
                expected.AddRange(rest.Matches(text[start..(digit?.Index ?? text.Length)]).Select(match => match.Value));
                if (digit is null)
                    break;
                expected.Add(digit.Value);
                start = digit.Index + 1;
            }
            Assert.Equal(expected, Words(text, SplitPattern.Gpt2SingleDigits));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("I'm sure it'LL do", new[] { "I", "'m", " sure", " it", "'LL", " do" })]
    [InlineData("a'ſb", new[] { "a", "'ſ", "b" })]
    [InlineData("12345 6", new[] { "123", "45", " ", "6" })]
    [InlineData("  two\n\n x ", new[] { " ", " two", "\n\n", " x", " " })]
    [InlineData("𝐀𝐁𐌰 𝟏𝟐𝟑𝟒 😀😀", new[] { "𝐀𝐁𐌰", " ", "𝟏𝟐𝟑", "𝟒", " 😀😀" })]
    public void Llama_3_splits_these(string text, string[] words) => Assert.Equal(words, Words(text, SplitPattern.Llama3));

    [Fact]
    public void A_lone_surrogate_is_a_symbol_and_a_pair_is_one_character()
    {
        Assert.Equal(["x", "\ud800y", "\udc00"], Words("x\ud800y\udc00", SplitPattern.Llama3));
        Assert.Equal(["x", "\ud800y", "\udc00"], Words("x\ud800y\udc00", SplitPattern.Llama4));
    }

    private static void AgreesWith(string expression, SplitPattern pattern)
    {
        var regex = new Regex(expression, RegexOptions.CultureInvariant);
        Prop.ForAll(Texts, text => Assert.Equal(regex.Matches(text).Select(match => match.Value), Words(text, pattern)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    private static List<string> Words(string text, SplitPattern pattern)
    {
        var words = new List<string>();
        for (var start = 0; start < text.Length; start += words[^1].Length)
            words.Add(text.Substring(start, pattern.FirstWord(text.AsSpan(start))));
        return words;
    }
}
