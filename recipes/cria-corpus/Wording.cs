using System.Text.RegularExpressions;

namespace Ayni.CriaCorpus;

/// <summary>
/// The same question in other words: some words by others that mean the same, a small one left out. What stands for a name of the phrase is
/// never changed, since the answer depends on it.
/// </summary>
public static partial class Wording
{
    private static readonly Dictionary<string, string[]> Groups = Load();

    private static readonly Regex Replaceable = new(
        @"(?<![\p{L}\p{N}{'`-])(?:" + string.Join('|', Groups.Keys.OrderByDescending(words => words.Length).Select(Regex.Escape))
        + @")(?![\p{L}\p{N}}'`-])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>One text that a phrase allows, in these or other words.</summary>
    /// <param name="phrase">The phrase.</param>
    /// <param name="chance">What chooses.</param>
    /// <param name="slots">What stands for the names.</param>
    public static string Ask(string phrase, Chance chance, params ReadOnlySpan<(string Name, string Text)> slots)
    {
        var kept = new (string Name, string Text)[slots.Length];
        for (var i = 0; i < kept.Length; i++)
            kept[i] = (slots[i].Name, $"{{{slots[i].Name}}}");
        return Grammar.Expand(Vary(Grammar.Expand(phrase, chance, kept), chance), chance, slots);
    }

    /// <summary>A text in these or other words; what is in braces stays.</summary>
    public static string Vary(string text, Chance chance)
    {
        if (chance.Percent(55))
        {
            text = Replaceable.Replace(text, match =>
            {
                if (!chance.Percent(35))
                    return match.Value;
                var other = chance.Pick(Groups[match.Value.ToLowerInvariant()]);
                return match.Index == 0 ? Texts.Capital(other) : other;
            });
        }
        if (chance.Percent(8) && text.Length > 20)
        {
            var small = Small().Matches(text);
            if (small.Count > 0)
            {
                var match = small[chance.Below(small.Count)];
                text = text.Remove(match.Index, match.Length);
            }
        }
        return text;
    }

    private static Dictionary<string, string[]> Load()
    {
        var groups = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var line in Texts.Lines("synonyms"))
        {
            var words = line.Split('|');
            foreach (var word in words)
                groups.TryAdd(word.ToLowerInvariant(), words);
        }
        return groups;
    }

    [GeneratedRegex(@"(?<= )(?:the|a|an|is|are|do|does|of|to|me|it|that|please|for|in|i|would|have) ", RegexOptions.IgnoreCase)]
    private static partial Regex Small();
}
