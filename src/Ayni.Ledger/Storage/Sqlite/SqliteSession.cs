using System.Data.Common;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ayni.Ledger;

/// <summary>
/// A connection to a SQLite file. Statements go straight to SQLite's own interface: ADO.NET's layer over it costs several times what SQLite
/// does for a row. Only what controls the connection goes through that layer, which waits for other processes.
/// </summary>
internal sealed class SqliteSession(SqliteConnection connection) : Session(connection)
{
    /// <summary>Bytes of UTF-8 that a text is encoded into without an allocation.</summary>
    private const int ShortText = 512;

    private readonly Dictionary<string, sqlite3_stmt> _statements = new(StringComparer.Ordinal);

    public override bool InTransaction => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    private bool _isDurable = true;

    public override void SetDurable(bool isDurable)
    {
        if (isDurable != _isDurable)
            Control(isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        _isDurable = isDurable;
    }

    public override void BeginWriting() => Control("BEGIN IMMEDIATE");

    public override void BeginReading() => Control("BEGIN");

    public override void Append(Table table, params ReadOnlySpan<object?> values) => Execute(table.InsertOne, values);

    public override int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        Writes++;
        var statement = Bind(sql, values);
        Step(statement);
        var changes = raw.sqlite3_changes(connection.Handle);
        raw.sqlite3_reset(statement);
        return changes;
    }

    public override DbDataReader Query(string sql, params ReadOnlySpan<object?> values) => new SqliteRows(this, Bind(sql, values));

    public override object? Scalar(string sql, params ReadOnlySpan<object?> values)
    {
        var statement = Bind(sql, values);
        var value = Step(statement) ? Value(statement, 0) : null;
        raw.sqlite3_reset(statement);
        return value;
    }

    public override void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        base.Dispose();
    }

    public override long ReadForeignCommits() => (long)Scalar("PRAGMA data_version")!;

    protected override DbParameter CreateParameter(int number) => new SqliteParameter { ParameterName = $"${number}" };

    /// <summary>Whether there is a row.</summary>
    internal bool Step(sqlite3_stmt statement)
    {
        var code = raw.sqlite3_step(statement);
        if (code is raw.SQLITE_ROW or raw.SQLITE_DONE)
            return code == raw.SQLITE_ROW;
        code = raw.sqlite3_reset(statement) is not raw.SQLITE_OK and var more ? more : code;
        SqliteException.ThrowExceptionForRC(code, connection.Handle);
        throw new InvalidOperationException($"SQLite gave {code}.");
    }

    internal static object Value(sqlite3_stmt statement, int column) => raw.sqlite3_column_type(statement, column) switch
    {
        raw.SQLITE_INTEGER => raw.sqlite3_column_int64(statement, column),
        raw.SQLITE_TEXT => raw.sqlite3_column_text(statement, column).utf8_to_string(),
        raw.SQLITE_BLOB => raw.sqlite3_column_blob(statement, column).ToArray(),
        raw.SQLITE_FLOAT => raw.sqlite3_column_double(statement, column),
        _ => DBNull.Value,
    };

    private sqlite3_stmt Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            // SQLite numbers ?2 as it says, but $2 by its place in the statement.
            Check(raw.sqlite3_prepare_v3(connection.Handle, sql.Replace('$', '?'), raw.SQLITE_PREPARE_PERSISTENT, out statement));
            _statements.Add(sql, statement);
        }
        for (var i = 0; i < values.Length; i++)
        {
            Check(values[i] switch
            {
                null => raw.sqlite3_bind_null(statement, i + 1),
                long number => raw.sqlite3_bind_int64(statement, i + 1, number),
                int number => raw.sqlite3_bind_int64(statement, i + 1, number),
                string text => BindText(statement, i + 1, text),
                byte[] bytes => raw.sqlite3_bind_blob(statement, i + 1, bytes),
                var other => throw new ArgumentException($"No column holds a {other.GetType()}.", nameof(values)),
            });
        }
        return statement;
    }

    private static int BindText(sqlite3_stmt statement, int number, string text)
    {
        if (text.Length > ShortText / 3)
            return raw.sqlite3_bind_text(statement, number, text);
        Span<byte> bytes = stackalloc byte[ShortText];
        return raw.sqlite3_bind_text(statement, number, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(code, connection.Handle);
    }
}
