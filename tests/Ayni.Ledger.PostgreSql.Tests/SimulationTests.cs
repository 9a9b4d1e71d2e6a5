namespace Ayni.Ledger.Tests;

/// <summary>Short lives on a server; <c>bench/run simulate --db postgres</c> lives long ones.</summary>
public sealed class SimulationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_was_answered_is_there_and_charged_once_however_often_connections_are_cut(int seed)
    {
        await using var life = new PostgresSimulation(seed, TestPlace.Server!, crash: null);
        var counts = await life.RunAsync(600);
        Assert.True(counts.Crashes > 0 && counts.Receipts > 400, $"{counts}");
    }

    [CrashFact]
    public async Task What_was_answered_is_there_and_charged_once_however_often_the_server_crashes()
    {
        using var server = PostgresServer.Start();
        await using var life = new PostgresSimulation(3, server.Address, server.CrashAsync);
        var counts = await life.RunAsync(1000);
        Assert.True(counts.Crashes > 0 && counts.Receipts > 600, $"{counts}");
    }

    /// <summary>A test that starts a server of its own by the repository's script.</summary>
    private sealed class CrashFactAttribute : Xunit.FactAttribute
    {
        public CrashFactAttribute() =>
            Skip = TestPlace.Server is null ? TestPlace.NoServer : PostgresServer.FindScript() is null ? "The repository's .ci/postgres is not here" : null;
    }
}
