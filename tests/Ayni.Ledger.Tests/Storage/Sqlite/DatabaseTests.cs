using Microsoft.Data.Sqlite;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class DatabaseTests
{
    [Fact]
    public async Task A_writer_flushes_every_commit_to_a_write_ahead_log()
    {
        await using var ledger = Empty();
        using var session = Database.At(ledger.Path).OpenWriter();
        Assert.Equal("wal", session.Scalar("PRAGMA journal_mode"));
        Assert.Equal(2L, session.Scalar("PRAGMA synchronous"));
        Assert.Equal(1L, session.Scalar("PRAGMA foreign_keys"));
    }

    [Fact]
    public async Task A_reader_can_not_write()
    {
        await using var ledger = Empty();
        using var session = Database.At(ledger.Path).OpenReader();
        Assert.Throws<SqliteException>(() => session.Execute("INSERT INTO parties VALUES ('x', 'x', 'host', 0, NULL)"));
    }

    [Fact]
    public async Task Each_migration_runs_once()
    {
        await using var ledger = await ReadyAsync();
        await ledger.ReopenAsync();
        await ledger.Books.DisposeAsync();
        var database = Database.At(ledger.Path);
        IReadOnlyList<string> withNext = [.. Migrator.Embedded("Sqlite"), "CREATE TABLE next (x INTEGER) STRICT; INSERT INTO next VALUES (7);"];
        using (var session = database.OpenWriter())
        {
            Migrator.Migrate(session, database, withNext);
            Migrator.Migrate(session, database, withNext);
            Assert.Equal(1L, session.Scalar("SELECT count(*) FROM next"));
        }
        Assert.Equal(StorageFault.TooNew, Assert.Throws<LedgerStorageException>(() => Books.Open(ledger.Path, ledger.Clock)).Fault);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing()
    {
        await using var ledger = Empty();
        var database = Database.At(ledger.Path);
        using var session = database.OpenWriter();
        const string Broken = "CREATE TABLE half (x INTEGER); CREATE TABLE half (x INTEGER);";
        Assert.Throws<LedgerStorageException>(() => Migrator.Migrate(session, database, [.. Migrator.Embedded("Sqlite"), Broken]));
        Assert.Equal(0L, session.Scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'half'"));
        Assert.Equal((long)Migrator.Embedded("Sqlite").Count, session.Scalar("PRAGMA user_version"));
    }

    [Fact]
    public async Task What_is_no_ledger_is_refused_and_left_alone()
    {
        await using var ledger = Empty();
        var text = ledger.Path + ".txt";
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat("This is no database. ", 500)));
        var content = await File.ReadAllBytesAsync(text);
        Assert.Equal(StorageFault.NotALedger, Assert.Throws<LedgerStorageException>(() => Books.Open(text, ledger.Clock)).Fault);
        Assert.Equal(content, await File.ReadAllBytesAsync(text));

        var other = ledger.Path + ".other";
        using (var connection = new SqliteConnection($"Data Source={other};Pooling=False"))
        {
            connection.Open();
            using var command = new SqliteCommand("CREATE TABLE songs (title TEXT)", connection);
            command.ExecuteNonQuery();
        }
        Assert.Equal(StorageFault.NotALedger, Assert.Throws<LedgerStorageException>(() => Books.Open(other, ledger.Clock)).Fault);
        var folder = Path.GetDirectoryName(other)!;
        Assert.Equal(StorageFault.Unwritable, Assert.Throws<LedgerStorageException>(() => Books.Open(folder, ledger.Clock)).Fault);
        var inAFile = Path.Combine(text, "ledger.db");
        Assert.Equal(StorageFault.Unwritable, Assert.Throws<LedgerStorageException>(() => Books.Open(inAFile, ledger.Clock)).Fault);
    }

    [Fact]
    public async Task Truncated_and_damaged_files_give_named_errors()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1, 1, 1);
        await ledger.Books.DisposeAsync();
        var content = await File.ReadAllBytesAsync(ledger.Path);
        var random = new Random(11);
        for (var round = 0; round < 60; round++)
        {
            var path = $"{ledger.Path}.{round}";
            var damaged = content[..(round % 3 == 0 ? random.Next(1, content.Length) : content.Length)];
            for (var i = 0; i < 20; i++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            await File.WriteAllBytesAsync(path, damaged);
            try
            {
                await using var books = Books.Open(path, ledger.Clock);
                books.Audit();
                books.Settle(TestLedger.Period);
            }
            catch (LedgerException)
            {
                // Named; anything else fails the test.
            }
        }
    }
}
