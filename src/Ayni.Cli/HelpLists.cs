using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ayni.Cli;

/// <summary>
/// Help of a command that has commands lists each of them with its first sentence; the rest, and the examples, are in its own help.
/// </summary>
internal sealed class HelpLists : SynchronousCommandLineAction
{
    private readonly HelpAction _help;

    private HelpLists(HelpAction help) => _help = help;

    /// <summary>Shows help that way.</summary>
    public static void Shorten(RootCommand root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpLists((HelpAction)option.Action!);
    }

    public override int Invoke(ParseResult parseResult)
    {
        // The process ends with this: nobody reads the whole descriptions after it.
        foreach (var command in parseResult.CommandResult.Command.Subcommands)
            command.Description = FirstSentence(command.Description ?? "");
        return _help.Invoke(parseResult);
    }

    /// <summary>What is before the first full stop, colon or empty line; a line's break within is a space.</summary>
    internal static string FirstSentence(string description)
    {
        var text = description.ReplaceLineEndings(" ");
        var end = new[] { text.IndexOf(". ", StringComparison.Ordinal) + 1, text.IndexOf(": ", StringComparison.Ordinal) }.Where(at => at > 0);
        return text[..end.DefaultIfEmpty(text.Length).Min()].TrimEnd('.', ' ') + ".";
    }
}
