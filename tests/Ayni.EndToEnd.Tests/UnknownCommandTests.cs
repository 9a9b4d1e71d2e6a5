namespace Ayni.EndToEnd.Tests;

/// <summary>Who guesses a command is told the right one.</summary>
public sealed class UnknownCommandTests
{
    [Theory]
    [InlineData("payout list", "there is no command 'ayni payout'; did you mean 'ayni ledger payout'?")]
    [InlineData("balance", "there is no command 'ayni balance'; did you mean 'ayni ledger balance'?")]
    [InlineData("ledger agreement", "there is no command 'ayni ledger agreement'; did you mean 'ayni agreement'?")]
    [InlineData("payments", "there is no command 'ayni payments'; did you mean 'ayni ledger payment'?")]
    [InlineData("ledger payot --json", "there is no command 'ayni ledger payot'; did you mean 'ayni ledger payout'?")]
    [InlineData("serv --port 0", "there is no command 'ayni serv'; did you mean 'ayni serve'?")]
    [InlineData("xylophone", "there is no command 'ayni xylophone'; 'ayni --help' lists those there are")]
    public async Task It_is_named(string arguments, string expected)
    {
        var result = await AyniCommand.RunAsync(arguments.Split(' '));

        Assert.Equal(1, result.ExitCode);
        Assert.Equal($"ayni: {expected}", result.Error.Trim());
        Assert.Empty(result.Output);
    }
}
