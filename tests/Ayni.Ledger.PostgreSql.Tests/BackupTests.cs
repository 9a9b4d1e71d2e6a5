using System.Diagnostics;
using Npgsql;

namespace Ayni.Ledger.Tests;

public sealed class BackupTests
{
    [DumpFact]
    public async Task A_ledger_that_pg_dump_saved_is_restored_by_pg_restore()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        for (var i = 0; i < 20; i++)
            await ledger.UseAsync(key, i, 2, 3);
        var receipts = ledger.Books.ListReceipts(new()).Receipts;
        var balances = ledger.Books.Balances();
        await ledger.Books.DisposeAsync();

        var address = new NpgsqlConnectionStringBuilder(ledger.Path);
        var dump = Path.Combine(Path.GetTempPath(), $"{address.SearchPath}.dump");
        try
        {
            await RunAsync(address, "pg_dump", "--format=custom", $"--schema={address.SearchPath}", $"--file={dump}", address.Database!);
            ledger.Sql($"DROP SCHEMA {address.SearchPath} CASCADE");
            await RunAsync(address, "pg_restore", $"--dbname={address.Database}", dump);
        }
        finally
        {
            File.Delete(dump);
        }

        await using var restored = Books.Open(ledger.Path, ledger.Clock);
        Assert.Equal(receipts, restored.ListReceipts(new()).Receipts);
        Assert.Equal(balances, restored.Balances());
        Assert.Empty(restored.Audit());
        var admission = Assert.IsType<Admission>(restored.Admit(key, TestLedger.Model));
        Assert.Equal(21, (await restored.PostAsync(new(admission, "next", Digest.Zero, new(1, 1, 1), Outcome.Completed))).KeyNumber);
        await TestLedger.RefusedAsync(Refusal.NotAFile, () => Task.Run(() => restored.BackUp(dump)));
    }

    private static async Task RunAsync(NpgsqlConnectionStringBuilder address, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(DumpFactAttribute.Find(program)!, arguments) { RedirectStandardError = true };
        start.Environment["PGHOST"] = address.Host;
        start.Environment["PGPORT"] = $"{address.Port}";
        start.Environment["PGUSER"] = address.Username;
        start.Environment["PGPASSWORD"] = address.Password;
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
    }

    /// <summary>A test that needs PostgreSQL's own programs beside the server.</summary>
    private sealed class DumpFactAttribute : Xunit.FactAttribute
    {
        public DumpFactAttribute() =>
            Skip = TestPlace.Server is null ? TestPlace.NoServer : Find("pg_dump") is null ? "There is no pg_dump here" : null;

        /// <summary>The newest of a program on the path or where Debian keeps them.</summary>
        public static string? Find(string program)
        {
            const string Debian = "/usr/lib/postgresql";
            var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
            if (Directory.Exists(Debian))
                folders = [.. Directory.GetDirectories(Debian).OrderDescending().Select(version => Path.Combine(version, "bin")), .. folders];
            return folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        }
    }
}
