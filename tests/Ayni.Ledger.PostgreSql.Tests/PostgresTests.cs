using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Npgsql;

namespace Ayni.Ledger.Tests;

public sealed class PostgresTests
{
    private const string Largest = "99999999999999999999999999.999999999999";

    [Theory]
    [InlineData("0.000000000000")]
    [InlineData("0.000000000001")]
    [InlineData("-0.000000000001")]
    [InlineData("0.000100000000")]
    [InlineData("1.000000000000")]
    [InlineData("10000.000000000000")]
    [InlineData("-100000000.000000010000")]
    [InlineData("12345678901234567.890123456789")]
    [InlineData(Largest)]
    [InlineData("-" + Largest)]
    public async Task Money_goes_in_and_comes_out_exactly(string text)
    {
        await using var ledger = TestLedger.Empty();
        using var session = Database.At(ledger.Path).OpenWriter();
        Assert.Equal(text, RoundTrip(session, text));
    }

    [Fact]
    public async Task Any_money_comes_out_as_it_went_in()
    {
        await using var ledger = TestLedger.Empty();
        using var session = Database.At(ledger.Path).OpenWriter();
        Prop.ForAll(
            (from digits in Gen.Choose(0, 9).ArrayOf(38)
             from length in Gen.Choose(0, 38)
             from sign in Gen.Elements(-1, 1)
             select sign * Int128.Parse("0" + string.Concat(digits.Take(length)), CultureInfo.InvariantCulture)).ToArbitrary(),
            units =>
            {
                var amount = new Amount(units, Currency.Parse("EUR"));
                return RoundTrip(session, amount.FormatFixed()) == amount.FormatFixed();
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task A_commit_is_durable_whatever_the_servers_default_is()
    {
        await using var ledger = TestLedger.Empty();
        var address = new NpgsqlConnectionStringBuilder(ledger.Path) { Options = "-c synchronous_commit=off" }.ToString();
        using var session = Database.At(address).OpenWriter();
        Assert.Equal(
            ("on", "on", "on"),
            (session.Scalar("SHOW synchronous_commit"), session.Scalar("SHOW fsync"), session.Scalar("SHOW full_page_writes")));
    }

    [Fact]
    public async Task A_reader_can_not_write()
    {
        await using var ledger = TestLedger.Empty();
        using var session = Database.At(ledger.Path).OpenReader();
        var error = Assert.Throws<PostgresException>(
            () => session.Execute("INSERT INTO parties (id, name, role, created) VALUES ('x', 'x', 'host', 0)"));
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, error.SqlState);
    }

    [Fact]
    public async Task The_servers_clock_can_be_read()
    {
        await using var ledger = TestLedger.Empty();
        using var session = Database.At(ledger.Path).OpenReader();
        var first = session.ReadServerClock();
        Assert.NotNull(first);
        Assert.True(session.ReadServerClock() >= first);
    }

    [Fact]
    public async Task A_lost_connection_fails_what_was_under_way_and_nothing_after()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        await ledger.UseAsync(key, 1, 1, 1);
        using (var session = Database.At(ledger.Path).OpenWriter())
        {
            // The writer and the readers of the books.
            session.Control(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = current_schema() AND pid <> pg_backend_pid()");
        }
        // The books learn of it by the first thing that fails, on each connection.
        for (var i = 0; i < 10; i++)
            await Record.ExceptionAsync(() => ledger.UseAsync(key, 2, 1, 1));
        for (var i = 0; i < 20; i++)
            await ledger.UseAsync(key, i, 1, 1);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task What_was_read_stands_when_the_connection_is_lost_then()
    {
        await using var ledger = TestLedger.Empty();
        var database = Database.At(ledger.Path);
        using var readers = new Readers(database);
        using var other = database.OpenWriter();
        var read = readers.Read(session =>
        {
            var answer = session.Scalar("SELECT 7");
            Assert.Equal(true, other.Scalar($"SELECT pg_terminate_backend({session.Scalar("SELECT pg_backend_pid()")}, 60000)"));
            return answer;
        });
        Assert.Equal(7, read);
        Assert.Equal(8, readers.Read(session => session.Scalar("SELECT 8")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_wrongly_guesses_to_be_alone_writes_nothing(bool asksFirst)
    {
        await using var ledger = TestLedger.Empty();
        using var session = Database.At(ledger.Path).OpenWriter();
        using var other = Database.At(ledger.Path).OpenWriter();
        var table = new Table("guesses", "name text");
        other.Control("CREATE TABLE guesses (name text NOT NULL)");
        Assert.False(session.TryBeginAlone(out _));
        // The server numbers everybody's transactions, also those of other tests.
        for (var attempts = 0; !(Write(session, "first", mustGuess: false) && Write(session, "alone", mustGuess: true)); attempts++)
            Assert.InRange(attempts, 0, 10_000);

        Write(other, "other", mustGuess: false);
        Assert.True(session.TryBeginAlone(out _));
        Assert.Throws<NotAloneException>(() =>
        {
            session.Append(table, "wrong");
            if (asksFirst)
                session.Scalar("SELECT 1");
            session.Commit();
        });
        session.RollBack();
        Assert.False(session.TryBeginAlone(out _));
        Assert.Equal(0L, other.Scalar("SELECT count(*) FROM guesses WHERE name = 'wrong'"));
        Write(session, "last", mustGuess: false);
        Assert.Equal(1L, other.Scalar("SELECT count(*) FROM guesses WHERE name = 'last'"));

        bool Write(Session by, string name, bool mustGuess)
        {
            var guesses = by.TryBeginAlone(out var now);
            if (mustGuess && !guesses)
                return false;
            if (!guesses)
                by.BeginWriting();
            try
            {
                by.Append(table, name);
                by.Commit();
                var server = by.ReadServerClock()!.Value;
                Assert.True(!guesses || (now <= server && now > server - TimeSpan.FromMinutes(1)));
                return true;
            }
            catch (NotAloneException)
            {
                by.RollBack();
                return false;
            }
        }
    }

    [Fact]
    public async Task Another_programs_tables_are_left_alone()
    {
        await using var ledger = TestLedger.Empty();
        var other = ledger.AnotherPlace();
        using (var session = Database.At(other).OpenWriter())
            session.Control("CREATE TABLE songs (title text)");
        Assert.Equal(StorageFault.NotALedger, Assert.Throws<LedgerStorageException>(() => Books.Open(other, ledger.Clock)).Fault);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_and_a_newer_ledger_is_refused()
    {
        await using var ledger = TestLedger.Empty();
        var database = Database.At(ledger.Path);
        using var session = database.OpenWriter();
        var migrations = Migrator.Embedded("PostgreSql");
        const string Broken = "CREATE TABLE half (x bigint); CREATE TABLE half (x bigint);";
        Assert.Throws<LedgerStorageException>(() => Migrator.Migrate(session, database, [.. migrations, Broken]));
        Assert.Equal((long)migrations.Count, session.Scalar("SELECT version FROM schema_version"));
        Migrator.Migrate(session, database, [.. migrations, "CREATE TABLE half (x bigint)"]);
        Assert.Equal(StorageFault.TooNew, Assert.Throws<LedgerStorageException>(() => Books.Open(ledger.Path, ledger.Clock)).Fault);
    }

    [Fact]
    public async Task Both_dialects_make_the_same_columns()
    {
        await using var ledger = TestLedger.Empty();
        using var session = Database.At(ledger.Path).OpenWriter();
        var here = Names(
            session,
            """
            SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = current_schema() AND column_name <> 'rowid' AND table_name <> 'schema_version'
            """);
        var folder = Directory.CreateTempSubdirectory("ayni-ledger-");
        try
        {
            var file = Path.Combine(folder.FullName, "ledger.db");
            await Books.Open(file, ledger.Clock).DisposeAsync();
            using var sqlite = Database.At(file).OpenReader();
            Assert.Equal(
                Names(
                    sqlite,
                    """
                    SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c
                    WHERE m.name NOT LIKE 'sqlite%' AND m.type = 'table'
                    """),
                here);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static List<string> Names(Session session, string sql)
        {
            var names = new List<string>();
            using var row = session.Query(sql);
            while (row.Read())
                names.Add(row.GetString(0));
            names.Sort(StringComparer.Ordinal);
            return names;
        }
    }

    private static string RoundTrip(Session session, string text)
    {
        using var row = session.Query("SELECT CAST($1 AS numeric(38,12))", text);
        Assert.True(row.Read());
        return row.GetString(0);
    }
}
