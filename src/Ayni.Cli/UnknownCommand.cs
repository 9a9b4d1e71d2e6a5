using System.CommandLine;

namespace Ayni.Cli;

/// <summary>What to say to a command that doesn't exist: where one of that name is, or else what is written like it.</summary>
internal static class UnknownCommand
{
    private const int MostNames = 3;

    /// <summary>A sentence that names the right command where one can be guessed; null if the arguments name one that exists.</summary>
    public static string? Explain(ParseResult arguments)
    {
        var group = arguments.CommandResult.Command;
        if (group.Subcommands.Count == 0 || arguments.UnmatchedTokens is not [var word, ..] || word.StartsWith('-'))
            return null;
        var root = arguments.RootCommandResult.Command;
        var names = Nearest(word, All(root, "ayni")).ToList();
        var path = group == root ? "ayni" : All(root, "ayni").First(entry => entry.Command == group).Path;
        return $"there is no command '{path} {word}'" + (names.Count == 0
            ? $"; '{path} --help' lists those there are"
            : $"; did you mean {string.Join(" or ", names.Select(name => $"'{name}'"))}?");
    }

    /// <summary>
    /// The commands of that name or, if there is none, those written most like it, with not much more than a third to change.
    /// </summary>
    private static IEnumerable<string> Nearest(string word, IEnumerable<(string Path, Command Command)> commands)
    {
        var distances = commands
            .Select(entry => (entry.Path, Distance: EditDistance(word.ToLowerInvariant(), entry.Command.Name)))
            .Where(entry => entry.Distance <= (word.Length + 2) / 3)
            .ToList();
        return distances.Where(entry => entry.Distance == distances.Min(other => other.Distance)).Select(entry => entry.Path).Take(MostNames);
    }

    private static IEnumerable<(string Path, Command Command)> All(Command group, string path) => group.Subcommands
        .Where(command => !command.Hidden)
        .SelectMany(command => All(command, $"{path} {command.Name}").Prepend(($"{path} {command.Name}", command)));

    /// <summary>Letters to add, take away or change (Levenshtein 1966).</summary>
    private static int EditDistance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 0; i < a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 0; j < b.Length; j++)
            {
                var changed = diagonal + (a[i] == b[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(changed, 1 + Math.Min(diagonal, row[j]));
            }
        }
        return row[b.Length];
    }
}
