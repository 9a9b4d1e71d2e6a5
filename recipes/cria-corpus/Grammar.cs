using System.Text;

namespace Ayni.CriaCorpus;

/// <summary>
/// Phrases with choices: <c>[a|b|]</c> is one of its parts, which may have choices themselves, and <c>{name}</c> what is given for it.
/// </summary>
public static class Grammar
{
    /// <summary>One text that a phrase allows.</summary>
    /// <param name="phrase">The phrase.</param>
    /// <param name="chance">What chooses.</param>
    /// <param name="slots">What stands for the names.</param>
    /// <exception cref="FormatException">A bracket is not closed, or nothing is given for a name.</exception>
    public static string Expand(string phrase, Chance chance, params ReadOnlySpan<(string Name, string Text)> slots)
    {
        var text = new StringBuilder();
        var at = 0;
        Sequence(phrase, ref at, chance, slots, text, writes: true);
        return at == phrase.Length ? text.ToString() : throw new FormatException($"'{phrase}' has a bracket too many at {at}.");
    }

    private static void Sequence(
        string phrase, ref int at, Chance chance, ReadOnlySpan<(string Name, string Text)> slots, StringBuilder text, bool writes)
    {
        while (at < phrase.Length && phrase[at] is not ('|' or ']'))
        {
            if (phrase[at] == '[')
            {
                at++;
                Choice(phrase, ref at, chance, slots, text, writes);
            }
            else if (phrase[at] == '{')
            {
                var end = phrase.IndexOf('}', at);
                if (end < 0)
                    throw new FormatException($"'{phrase}' does not close a name.");
                if (writes)
                    text.Append(Find(phrase, phrase[(at + 1)..end], slots));
                at = end + 1;
            }
            else
            {
                if (writes)
                    text.Append(phrase[at]);
                at++;
            }
        }
    }

    private static void Choice(
        string phrase, ref int at, Chance chance, ReadOnlySpan<(string Name, string Text)> slots, StringBuilder text, bool writes)
    {
        var chosen = writes ? chance.Below(CountParts(phrase, at)) : -1;
        for (var part = 0; ; part++)
        {
            Sequence(phrase, ref at, chance, slots, text, part == chosen);
            if (at == phrase.Length)
                throw new FormatException($"'{phrase}' does not close a choice.");
            if (phrase[at++] == ']')
                return;
        }
    }

    private static int CountParts(string phrase, int at)
    {
        var (parts, depth) = (1, 0);
        for (; at < phrase.Length; at++)
        {
            if (phrase[at] == '[')
                depth++;
            else if (phrase[at] == ']' && depth-- == 0)
                break;
            else if (phrase[at] == '|' && depth == 0)
                parts++;
        }
        return parts;
    }

    private static string Find(string phrase, string name, ReadOnlySpan<(string Name, string Text)> slots)
    {
        foreach (var slot in slots)
        {
            if (slot.Name == name)
                return slot.Text;
        }
        throw new FormatException($"'{phrase}' names '{name}', which nobody gives.");
    }
}
