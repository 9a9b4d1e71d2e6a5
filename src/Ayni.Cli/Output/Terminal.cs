using Spectre.Console;

namespace Ayni.Cli;

/// <summary>Where tables go.</summary>
internal static class Terminal
{
    /// <summary>Columns of a page that is no terminal: enough that a row stays on its line.</summary>
    private const int PageWidth = 240;

    /// <summary>Standard output.</summary>
    public static IAnsiConsole Console => Create(System.Console.Out, System.Console.IsOutputRedirected);

    /// <summary>Shows nothing.</summary>
    public static IAnsiConsole None => Create(TextWriter.Null, isPage: true);

    private static IAnsiConsole Create(TextWriter writer, bool isPage)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isPage ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        if (isPage)
            console.Profile.Width = PageWidth;
        return console;
    }
}
