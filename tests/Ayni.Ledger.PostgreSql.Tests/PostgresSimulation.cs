using Npgsql;

namespace Ayni.Ledger.Tests;

/// <summary>
/// A life in a schema of a PostgreSQL server whose connections are cut in the midst of transactions, and which crashes where it may: then
/// the host goes on, or crashes with it. What a server does when is not decided by the seed.
/// </summary>
internal sealed class PostgresSimulation : LedgerSimulation
{
    private readonly string _server;
    private readonly Func<Task>? _crash;
    private readonly string _schema = $"simulation_{Guid.NewGuid():N}";

    /// <param name="seed">Decides what is asked.</param>
    /// <param name="server">The server, on which a schema is made.</param>
    /// <param name="crash">Lets the server crash and start again; null for a server that others use.</param>
    public PostgresSimulation(int seed, string server, Func<Task>? crash)
        : base(seed)
    {
        (_server, _crash) = (server, crash);
        Run($"CREATE SCHEMA {_schema}");
        Address = new NpgsqlConnectionStringBuilder(server) { SearchPath = _schema, ApplicationName = _schema, CommandTimeout = 0 }.ToString();
        Command = $"bench/run simulate --db postgres --seed {seed} --operations 1";
    }

    protected override string Address { get; }

    protected override string Command { get; }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        Run($"DROP SCHEMA {_schema} CASCADE");
    }

    protected override async Task CrashAsync()
    {
        await PostAsync(1).ConfigureAwait(false);
        var usages = await TakeAsync(Random.Next(1, 60)).ConfigureAwait(false);
        var (isWhole, closes, milliseconds) = (_crash is not null && Random.Next(6) == 0, Random.Next(4) == 0, Random.Next(12));
        var posting = usages.Select(AnsweredAsync).ToArray();
        var acting = CutOffAsync(ActUnheardAsync);
        var closing = closes ? CutOffAsync(CloseAsync) : Task.CompletedTask;
        await Task.Delay(milliseconds).ConfigureAwait(false);
        if (isWhole)
            await _crash!().ConfigureAwait(false);
        else
            Run($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{_schema}'");
        var receipts = await Task.WhenAll(posting).ConfigureAwait(false);
        await Task.WhenAll(acting, closing).ConfigureAwait(false);
        Counts = Counts with { Crashes = Counts.Crashes + 1 };
        for (var i = 0; i < usages.Count; i++)
        {
            if (receipts[i] is { } receipt)
                Answer(usages[i], receipt);
        }
        Unknown.AddRange(
            usages.Where((_, i) => receipts[i] is null).DistinctBy(usage => usage.RequestId).Where(usage => !IsAnswered(usage.RequestId)));

        if (Random.Next(2) == 0)
        {
            await Books.DisposeAsync().ConfigureAwait(false);
            Open();
            Check();
            await BeginHostAfterCrashAsync().ConfigureAwait(false);
            return;
        }
        // The writer learns that its connection is lost by what fails on it.
        await CutOffAsync(() => RenewHostAsync()).ConfigureAwait(false);
        await RenewHostAsync().ConfigureAwait(false);
        Check();
    }

    /// <summary>The receipt, or null if the connection was lost before the answer.</summary>
    private async Task<Receipt?> AnsweredAsync(Usage usage)
    {
        Receipt? receipt = null;
        await CutOffAsync(async () => receipt = await Books.PostAsync(usage).ConfigureAwait(false)).ConfigureAwait(false);
        return receipt;
    }

    private static async Task CutOffAsync(Func<Task> act)
    {
        try
        {
            await act().ConfigureAwait(false);
        }
        catch (LedgerStorageException lost) when (lost.Fault == StorageFault.Unreachable)
        {
        }
    }

    private void Run(string sql)
    {
        using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_server) { Pooling = false }.ToString());
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }
}
