namespace Ayni.EndToEnd.Tests;

/// <summary>A list of commands says each in a sentence; examples are in a command's own help.</summary>
public sealed class HelpListTests
{
    [Theory]
    [InlineData("--help", "  tour                  See everything once, in a temporary folder that is deleted at the end.")]
    [InlineData("--help", "  tokenize              Turn text into token ids.")]
    [InlineData("ledger --help", "  balance           Show what every account of the journal has come to.")]
    [InlineData("ledger payout -h", "  paid")]
    public async Task A_list_has_a_line_for_each_command(string arguments, string line)
    {
        var result = await AyniCommand.RunAsync(arguments.Split(' '));

        Assert.Equal(0, result.ExitCode);
        var list = result.Output.ReplaceLineEndings("\n").Split("Commands:\n")[1].TrimEnd().Split('\n');
        Assert.Contains(list, entry => entry.StartsWith(line, StringComparison.Ordinal));
        Assert.All(list, entry => Assert.Matches("^  [a-z].*[^ .]\\.$", entry));
    }

    [Fact]
    public async Task A_commands_own_help_has_all_of_it() =>
        Assert.Contains("ayni tour --model FILE.gguf", (await AyniCommand.RunAsync("tour", "--help")).Output, StringComparison.Ordinal);
}
