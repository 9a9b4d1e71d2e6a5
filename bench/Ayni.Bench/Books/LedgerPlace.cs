using Npgsql;

namespace Ayni.Bench;

/// <summary>A place for a ledger that goes when it is disposed: a file in a temporary folder, or a schema of a server.</summary>
internal sealed class LedgerPlace : IDisposable
{
    private readonly DirectoryInfo? _folder;
    private readonly string? _server;
    private readonly string _schema = $"bench_{Guid.NewGuid():N}";

    private LedgerPlace(DirectoryInfo? folder, string? server)
    {
        _folder = folder;
        _server = server;
        if (server is null)
            Address = Path.Combine(folder!.FullName, "ledger.db");
        else
        {
            Run($"CREATE SCHEMA {_schema}");
            Address = new NpgsqlConnectionStringBuilder(server) { SearchPath = _schema, CommandTimeout = 0 }.ToString();
        }
    }

    public string Address { get; }

    /// <summary>A file on the disk that <paramref name="folder"/> is on.</summary>
    public static LedgerPlace Sqlite(string folder)
    {
        var own = Directory.CreateDirectory(Path.Combine(folder, $"ayni-bench-{Guid.NewGuid():N}"));
        return new(own, null);
    }

    public static LedgerPlace Postgres(string server) => new(null, server);

    public void Dispose()
    {
        _folder?.Delete(recursive: true);
        if (_server is not null)
            Run($"DROP SCHEMA {_schema} CASCADE");
    }

    private void Run(string sql)
    {
        using var connection = new NpgsqlConnection(_server);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }
}
