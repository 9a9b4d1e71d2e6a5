using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ayni.Training;

/// <summary>What an answer has to be like: everything that is asked for must hold. Immutable.</summary>
/// <remarks>
/// Answers are taken without the spaces around them. <c>contains</c>, <c>any</c> and <c>not</c> look for whole words, so that 7 is not
/// found in 17, and take capital and small letters for the same; <c>exact</c> and <c>matches</c> don't.
/// </remarks>
public sealed class AnswerCheck
{
    private const int MostTexts = 1000;

    private readonly ImmutableArray<string>? _exact;
    private readonly ImmutableArray<string> _contains;
    private readonly ImmutableArray<string>? _any;
    private readonly ImmutableArray<string> _not;
    private readonly Regex? _matches;
    private readonly bool _ends;

    private AnswerCheck(JsonElement check)
    {
        _exact = Texts(check, "exact");
        _contains = Texts(check, "contains") ?? [];
        _any = Texts(check, "any");
        _not = Texts(check, "not") ?? [];
        if (check.TryGetProperty("matches", out _))
        {
            var pattern = ChatLine.Text(check, "matches");
            try
            {
                // Without backtracking, so that no pattern takes long.
                _matches = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            }
            catch (Exception error) when (error is ArgumentException or NotSupportedException)
            {
                throw new FormatException($"check.matches is not a regular expression that can be used: {error.Message.TrimEnd('.')}", error);
            }
        }
        if (check.TryGetProperty("ends", out var ends))
            _ends = ends.ValueKind == JsonValueKind.True ? true : throw new FormatException("check.ends is true or not there");
    }

    /// <summary>Reads <c>{"exact": …, "contains": …, "any": …, "not": …, "matches": "…", "ends": true}</c>, at least one of them.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    internal static AnswerCheck Read(JsonElement check)
    {
        string[] known = ["exact", "contains", "any", "not", "matches", "ends"];
        if (check.ValueKind != JsonValueKind.Object || !check.EnumerateObject().Any())
            throw new FormatException($"expected \"check\" as an object with some of {string.Join(", ", known)}");
        foreach (var property in check.EnumerateObject())
        {
            if (!known.Contains(property.Name))
                throw new FormatException($"there is no check \"{property.Name}\"; there are {string.Join(", ", known)}");
        }
        return new AnswerCheck(check);
    }

    /// <summary>What an answer fails at, by the check's name; null where it passes.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="hasEnded">Whether the model ended it, instead of being cut off.</param>
    public string? FindFailure(string answer, bool hasEnded)
    {
        ArgumentNullException.ThrowIfNull(answer);
        answer = answer.Trim();
        if (_exact is { } exact && !exact.Contains(answer))
            return "exact";
        if (_contains.Any(text => !HasWords(answer, text)))
            return "contains";
        if (_any is { } any && !any.Any(text => HasWords(answer, text)))
            return "any";
        if (_not.Any(text => HasWords(answer, text)))
            return "not";
        if (_matches is not null && !_matches.IsMatch(answer))
            return "matches";
        return _ends && !hasEnded ? "ends" : null;
    }

    /// <summary>Whether a text stands in an answer without letters or digits going on where it has some at its own border.</summary>
    private static bool HasWords(string answer, string text)
    {
        for (var start = 0; (start = answer.IndexOf(text, start, StringComparison.OrdinalIgnoreCase)) >= 0; start++)
        {
            var end = start + text.Length;
            if ((start == 0 || !IsOneWord(answer[start - 1], text[0])) && (end == answer.Length || !IsOneWord(text[^1], answer[end])))
                return true;
        }
        return false;
    }

    private static bool IsOneWord(char first, char second) => char.IsLetterOrDigit(first) && char.IsLetterOrDigit(second);

    /// <summary>A text or a list of texts; null where there is none.</summary>
    private static ImmutableArray<string>? Texts(JsonElement check, string name)
    {
        if (!check.TryGetProperty(name, out var value))
            return null;
        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value];
        return items.Length is > 0 and <= MostTexts && items.All(item => item.ValueKind == JsonValueKind.String && item.GetString()!.Length > 0)
            ? [.. items.Select(item => item.GetString()!)]
            : throw new FormatException($"check.{name} is a text or a list of texts, none of them empty");
    }
}
