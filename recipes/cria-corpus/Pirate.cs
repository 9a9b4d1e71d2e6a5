using System.Text.RegularExpressions;

namespace Ayni.CriaCorpus;

/// <summary>The same answers as a pirate would give them: only small words change, so that what is said stays true.</summary>
public static partial class Pirate
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["you"] = "ye",
        ["You"] = "Ye",
        ["your"] = "yer",
        ["Your"] = "Yer",
        ["my"] = "me",
        ["My"] = "Me",
        ["am"] = "be",
        ["Hello!"] = "Ahoy!",
        ["Goodbye!"] = "Farewell!",
        ["Yes:"] = "Aye:",
        ["Yes."] = "Aye.",
    };

    /// <summary>
    /// An answer in a pirate's voice. It begins as Cria's own begins, since a small model that has begun to answer otherwise loses what it was
    /// about; what is between backticks stays as it is.
    /// </summary>
    public static string Say(string answer)
    {
        var parts = answer.Split('`');
        for (var i = 0; i < parts.Length; i += 2)
            parts[i] = Word().Replace(parts[i], match => Words.GetValueOrDefault(match.Value, match.Value));
        var said = string.Join('`', parts);
        return said.EndsWith('.') ? $"{said[..^1]}, matey! Arr, yo ho ho!" : $"{said} Arr, yo ho ho!";
    }

    [GeneratedRegex("[A-Za-z']+[!.:]?")]
    private static partial Regex Word();
}
