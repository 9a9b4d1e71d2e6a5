using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ayni.Ledger;

/// <summary>
/// A ledger in a SQLite file: write-ahead log, full synchronization, foreign keys on. The number of the last migration applied is the
/// file's <c>user_version</c>; <c>application_id</c> marks it as a ledger.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    /// <summary>How long SQLite itself waits for another process's transaction before it reports the file busy.</summary>
    private const int BusyTimeoutMs = 5_000;

    /// <summary>
    /// Pages the writer keeps in memory at most, in KiB: the hot ends of the indexes, some for each key, so that posting seldom reads.
    /// </summary>
    private const int WriterCacheKib = 64 * 1024;

    /// <summary>
    /// Pages of 4 KiB in the log before they are copied into the file; more make a page that changes often be copied less often.
    /// </summary>
    private const int CheckpointPages = 16_000;

    /// <summary>"AYNI" in ASCII.</summary>
    private const long ApplicationId = 0x41594E49;

    private const int NotADatabase = 26, Corrupt = 11, Busy = 5, Locked = 6;

    private readonly string _connectionString;

    static SqliteDatabase()
    {
        // One thread at a time has a session, so SQLite need not lock a connection at each call, nor count its memory: a tenth of posting.
        // Where SQLite is in use already, it stays as it is.
        SQLitePCL.Batteries_V2.Init();
        raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
    }

    public SqliteDatabase(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, ForeignKeys = true }.ToString();
    }

    public string Path { get; }

    public override string Name => Path;

    /// <summary>The folder of the file.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(Path) ?? Path;

    public override string Dialect => "Sqlite";

    public override Session OpenWriter()
    {
        // Only who writes makes the folder: asking whether there is a ledger leaves nothing behind.
        try
        {
            Directory.CreateDirectory(Folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LedgerStorageException(StorageFault.Unwritable, $"The folder of '{Path}' can't be made ({error.Message}).", error);
        }
        return Open(Configure);
    }

    public override Session OpenReader() => Open(session => session.Control("PRAGMA query_only = ON"));

    public override bool Exists() => File.Exists(Path);

    public override void BackUp(string path)
    {
        if (File.Exists(path))
            throw new LedgerRefusedException(Refusal.FileExists, $"'{path}' is there already; name another file.");
        var partial = path + ".partial";
        try
        {
            File.Delete(partial);
            Copy(partial);
            using (var file = new FileStream(partial, FileMode.Open, FileAccess.ReadWrite))
                file.Flush(flushToDisk: true);
            File.Move(partial, path);
        }
        catch (SqliteException error)
        {
            throw NameOf(error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LedgerStorageException(StorageFault.Unwritable, $"'{path}' can't be written ({error.Message}).", error);
        }
    }

    public override void Scrub(string table)
    {
        using var session = OpenWriter();
        // Freed pages are overwritten, and then the log of writes is emptied, which holds pages as they were.
        session.Control("PRAGMA secure_delete = ON");
        session.Control("PRAGMA temp_store = MEMORY");
        session.BeginWriting();
        session.Control($"CREATE TEMP TABLE scrubbed AS SELECT * FROM {table}");
        session.Control($"DELETE FROM {table}");
        session.Control($"INSERT INTO {table} SELECT * FROM scrubbed");
        session.Control("DROP TABLE scrubbed");
        session.Commit();
        session.Control("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public override int ReadVersion(Session session)
    {
        var version = Read(session, "PRAGMA user_version");
        var mark = Read(session, "PRAGMA application_id");
        return mark == ApplicationId || (mark == 0 && version == 0 && Read(session, "SELECT count(*) FROM sqlite_schema") == 0)
            ? (int)version
            : throw new LedgerStorageException(StorageFault.NotALedger, $"'{Path}' is another program's database; choose another file.");
    }

    public override void WriteVersion(Session session, int version)
    {
        session.Control(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version}"));
        session.Control(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
    }

    public override LedgerStorageException NameOf(DbException error) => (error as SqliteException)?.SqliteErrorCode switch
    {
        NotADatabase or Corrupt => new(StorageFault.NotALedger, $"'{Path}' is no ledger or is damaged; restore it from a backup.", error),
        Busy or Locked => new(StorageFault.Busy, $"Another process holds '{Path}' for too long; end it or try again.", error),
        _ => new(StorageFault.Unwritable, $"'{Path}' can't be read or written ({error.Message}).", error),
    };

    /// <summary>Copies one state of the file page by page, and reads the copy through.</summary>
    private void Copy(string path)
    {
        var to = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        using var source = new SqliteConnection(_connectionString);
        using var copy = new SqliteConnection(to);
        source.Open();
        copy.Open();
        source.BackupDatabase(copy);
        using var check = new SqliteCommand("PRAGMA integrity_check", copy);
        if (check.ExecuteScalar() is not "ok")
            throw new LedgerStorageException(StorageFault.NotALedger, $"'{Path}' is damaged, and so is its copy; restore an earlier one.");
        // One file, without a log beside it: the ledger that opens it makes the log again.
        using var single = new SqliteCommand("PRAGMA journal_mode = DELETE", copy);
        single.ExecuteNonQuery();
    }

    private static long Read(Session session, string sql) => (long)session.Scalar(sql)!;

    private void Configure(Session session)
    {
        Demand(session, "PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal");
        Demand(session, "PRAGMA synchronous = FULL", "PRAGMA synchronous", "2");
        Demand(session, "PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1");
        // What is destroyed, such as a month's key of the count of users, is overwritten where its page is written anyway.
        session.Control("PRAGMA secure_delete = FAST");
        // On macOS only this makes a flush reach the disk; elsewhere it means nothing.
        session.Control("PRAGMA fullfsync = ON");
        session.Control("PRAGMA checkpoint_fullfsync = ON");
        session.Control($"PRAGMA cache_size = -{WriterCacheKib}");
        session.Control($"PRAGMA wal_autocheckpoint = {CheckpointPages}");
    }

    private SqliteSession Open(Action<Session> configure)
    {
        var connection = new SqliteConnection(_connectionString);
        var session = new SqliteSession(connection);
        try
        {
            connection.Open();
            session.Control($"PRAGMA busy_timeout = {BusyTimeoutMs}");
            configure(session);
            return session;
        }
        catch (SqliteException error)
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

    private void Demand(Session session, string set, string ask, string expected)
    {
        session.Control(set);
        var found = Convert.ToString(session.Scalar(ask), CultureInfo.InvariantCulture);
        if (found != expected)
            throw new LedgerStorageException(
                StorageFault.NotDurable, $"'{Path}' can't be made durable: '{set}' gives '{found}'. Keep the ledger on a local disk.");
    }
}
