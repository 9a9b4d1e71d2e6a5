using System.CommandLine;
using Ayni.Ledger.Tests;

namespace Ayni.Bench;

/// <summary><c>bench/run simulate</c>: lives of a ledger with crashes, each decided by a seed.</summary>
internal static class SimulateCommand
{
    /// <summary>Operations of a life: each crash reads the whole ledger, so that long lives would do little else.</summary>
    private const int LifeLength = 2000;

    public static Command Create()
    {
        var operations = new Option<long>("--operations")
        {
            Description = "Operations altogether.",
            HelpName = "N",
            DefaultValueFactory = _ => 1_000_000,
        };
        var seed = new Option<int>("--seed") { Description = "The first life's seed; the next has the next.", DefaultValueFactory = _ => 1 };
        var database = new Option<string>("--db")
        {
            Description = "sqlite, whose files are left as a crashed machine may leave them, or postgres, a server of its own that is crashed.",
            DefaultValueFactory = _ => "sqlite",
        };
        database.AcceptOnlyFromAmong("sqlite", "postgres");
        var command = new Command("simulate", "Let ledgers live and crash, a life a seed, and check what is left.") { operations, seed, database };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var server = result.GetValue(database) == "postgres" ? PostgresServer.Start() : null;
            var counts = new SimulationCounts();
            var first = result.GetValue(seed);
            for (var next = first; counts.Operations < result.GetValue(operations); next++)
            {
                await using LedgerSimulation life =
                    server is null ? new SqliteSimulation(next) : new PostgresSimulation(next, server.Address, server.CrashAsync);
                counts += await life.RunAsync(LifeLength, cancellationToken).ConfigureAwait(false);
                if ((next - first) % 25 == 24)
                    Console.Error.WriteLine($"seeds {first} to {next}: {counts}");
            }
            Console.WriteLine($"Nothing was lost, charged twice or out of balance in {counts} (seeds from {first}).");
        });
        return command;
    }
}
