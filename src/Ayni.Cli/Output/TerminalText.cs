namespace Ayni.Cli;

/// <summary>
/// Makes text that came from a file or a model safe to show: its control characters could move the cursor, retitle the window or worse.
/// </summary>
internal static class TerminalText
{
    /// <summary>The text with every control character but line feeds and tabs replaced by U+FFFD.</summary>
    public static string Clean(string text) =>
        text.Any(IsUnsafe) ? string.Create(text.Length, text, static (clean, source) =>
        {
            for (var i = 0; i < source.Length; i++)
                clean[i] = IsUnsafe(source[i]) ? '\uFFFD' : source[i];
        }) : text;

    private static bool IsUnsafe(char character) => char.IsControl(character) && character is not ('\n' or '\t');
}
