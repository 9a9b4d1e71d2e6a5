using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Ayni.Ledger;

/// <summary>
/// A ledger in a schema of a PostgreSQL database, the first of the connection's <c>search_path</c>. The table <c>schema_version</c> marks
/// it and holds the number of the last migration applied.
/// </summary>
internal sealed class PostgresDatabase : Database
{
    /// <summary>How long a transaction waits for another host's before it gives up.</summary>
    private const int LockTimeoutMs = 30_000;

    /// <summary>Statements a connection keeps prepared: all that there are.</summary>
    private const int PreparedStatements = 500;

    private readonly NpgsqlDataSource _source;

    public PostgresDatabase(string place)
    {
        var address = PostgresAddress.Parse(place);
        address.Pooling = false;
        address.Enlist = false;
        address.MaxAutoPrepare = PreparedStatements;
        address.AutoPrepareMinUsages = 2;
        address.ApplicationName ??= "ayni";
        Name = string.Create(CultureInfo.InvariantCulture, $"{address.Host}:{address.Port}/{address.Database}");
        var builder = new NpgsqlSlimDataSourceBuilder(address.ToString());
        builder.EnableTransportSecurity().EnableArrays();
#pragma warning disable NPG9001
        builder.AddTypeInfoResolverFactory(new PostgresTypes());
#pragma warning restore NPG9001
        try
        {
            _source = builder.Build();
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new LedgerStorageException(StorageFault.Unreachable, $"The database's address can't be used ({error.Message}).", error);
        }
    }

    public override string Name { get; }

    public override string Dialect => "PostgreSql";

    public override Session OpenWriter() => Open(session =>
    {
        Demand(session, "fsync", "on");
        Demand(session, "full_page_writes", "on");
        // Whatever the database's or the user's default is; what waits for standby servers, too, is more than enough.
        if ((string)session.Scalar("SHOW synchronous_commit")! != "remote_apply")
            session.Control("SET synchronous_commit = on");
        Demand(session, "synchronous_commit", "on", "remote_apply");
        Demand(session, "server_encoding", "UTF8");
        session.Control(string.Create(CultureInfo.InvariantCulture, $"SET lock_timeout = {LockTimeoutMs}"));
        if (session.Scalar("SELECT current_schema()") is not string)
            throw new LedgerStorageException(
                StorageFault.Unreachable, $"'{Name}' has none of the schemas of the search path; create the schema first.");
    });

    public override Session OpenReader() => Open(session => session.Control("SET default_transaction_read_only = on"));

    public override bool Exists()
    {
        using var session = OpenReader();
        return ReadVersion(session) > 0;
    }

    public override void BackUp(string path) => throw new LedgerRefusedException(
        Refusal.NotAFile, $"'{Name}' is backed up by its server's own means, such as: pg_dump --format=custom --file=FILE DATABASE");

    public override void Scrub(string table)
    {
        using var session = OpenWriter();
        session.Control($"VACUUM (FULL) {table}");
    }

    public override int ReadVersion(Session session)
    {
        using (var row = session.Query(
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"))
        {
            var tables = new HashSet<string>(StringComparer.Ordinal);
            while (row.Read())
                tables.Add(row.GetString(0));
            if (tables.Count == 0)
                return 0;
            if (!tables.Contains("schema_version"))
                throw new LedgerStorageException(
                    StorageFault.NotALedger, $"'{Name}' holds another program's tables; give a database or schema of its own.");
        }
        return (int)(long)session.Scalar("SELECT version FROM schema_version")!;
    }

    public override void WriteVersion(Session session, int version)
    {
        session.Control("CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL)");
        if (session.Execute("UPDATE schema_version SET version = $1", version) == 0)
            session.Execute("INSERT INTO schema_version (version) VALUES ($1)", version);
    }

    public override LedgerStorageException NameOf(DbException error) => error.SqlState switch
    {
        PostgresErrorCodes.LockNotAvailable =>
            new(StorageFault.Busy, $"Another host writes to '{Name}' for too long; end it or try again.", error),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName =>
            new(StorageFault.Unreachable, $"'{Name}' does not let us in ({Text(error)}).", error),
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or null =>
            new(StorageFault.Unreachable, $"'{Name}' can't be reached ({Text(error)}).", error),
        _ => new(StorageFault.Unwritable, $"'{Name}' can't be read or written ({Text(error)}).", error),
    };

    private static string Text(DbException error) => error is PostgresException fault ? fault.MessageText : error.Message;

    private PostgresSession Open(Action<Session> configure)
    {
        var connection = _source.CreateConnection();
        var session = new PostgresSession(connection);
        try
        {
            connection.Open();
            configure(session);
            return session;
        }
        catch (DbException error)
        {
            session.Dispose();
            throw NameOf(error);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private void Demand(Session session, string setting, params ReadOnlySpan<string> accepted)
    {
        var found = (string)session.Scalar($"SHOW {setting}")!;
        if (!accepted.Contains(found))
            throw new LedgerStorageException(
                StorageFault.NotDurable, $"'{Name}' has {setting} = {found}; the ledger needs {setting} = {accepted[0]}.");
    }
}
