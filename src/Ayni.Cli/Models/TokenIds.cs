using System.CommandLine;
using System.Globalization;

namespace Ayni.Cli;

/// <summary>Token ids on the command line: <c>--tokens 1,2,3</c>.</summary>
internal static class TokenIds
{
    public static Option<string?> Option() => new("--tokens") { Description = "Token ids, separated by commas.", HelpName = "IDS" };

    /// <summary>Reads ids and checks that each is in the vocabulary.</summary>
    public static int[] Parse(string text, int vocabularySize)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        return [.. parts.Select(part =>
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= vocabularySize)
                throw new UsageException($"--tokens: '{part}' is not an id of this vocabulary (0 to {vocabularySize - 1}).");
            return id;
        })];
    }
}
