using Npgsql;

namespace Ayni.Ledger.Tests;

/// <summary>Schemas of their own in the PostgreSQL database whose connection string AYNI_POSTGRES holds.</summary>
internal sealed class TestPlace : IDisposable
{
    public const string NoServer = "AYNI_POSTGRES names no PostgreSQL database";

    private readonly List<string> _schemas = [];

    public TestPlace() => Address = Another();

    public static string? Server => Environment.GetEnvironmentVariable("AYNI_POSTGRES") is { Length: > 0 } server ? server : null;

    /// <summary>Where the test's ledger is.</summary>
    public string Address { get; }

    /// <summary>The folder of the ledger's keys and of its log's files.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("ayni-ledger-").FullName;

    /// <summary>Another place without a ledger.</summary>
    public string Another()
    {
        var schema = $"test_{Guid.NewGuid():N}";
        Run($"CREATE SCHEMA {schema}");
        _schemas.Add(schema);
        return new NpgsqlConnectionStringBuilder(Server) { SearchPath = schema, ApplicationName = schema }.ToString();
    }

    public static void WithoutTriggers(Session session, string table, string sql)
    {
        session.Control($"ALTER TABLE {table} DISABLE TRIGGER USER");
        session.Control(sql);
        session.Control($"ALTER TABLE {table} ENABLE TRIGGER USER");
    }

    public void Dispose()
    {
        _schemas.ForEach(schema => Run($"DROP SCHEMA {schema} CASCADE"));
        Directory.Delete(Folder, recursive: true);
    }

    private static void Run(string sql)
    {
        using var connection = new NpgsqlConnection(Server);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
