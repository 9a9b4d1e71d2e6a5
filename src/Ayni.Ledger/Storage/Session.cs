using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ayni.Ledger;

/// <summary>One connection with its prepared statements. Not thread-safe: one thread has it at a time.</summary>
internal sealed class Session(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    /// <summary>How many statements that write were executed, for telling whether a step has written anything yet.</summary>
    public long Writes { get; private set; }

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    /// <summary>Executes a statement that writes; <c>$1, $2, …</c> stand for the values. Returns the number of rows changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        Writes++;
        return Bind(sql, values).ExecuteNonQuery();
    }

    /// <summary>Executes a statement that controls the connection or transaction.</summary>
    public void Control(string sql) => Bind(sql, []).ExecuteNonQuery();

    /// <summary>Executes a query. The rows must be disposed before the same query runs again.</summary>
    public SqliteDataReader Query(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteReader();

    /// <summary>The first column of the first row, or null without rows.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteScalar();

    /// <summary>The rowid of the last row inserted.</summary>
    public long LastInsertedId => raw.sqlite3_last_insert_rowid(connection.Handle);

    /// <summary>Rolls back whatever transaction is still open; SQLite has already done it after some errors.</summary>
    public void RollBack()
    {
        if (InTransaction)
            Control("ROLLBACK");
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
            command.Dispose();
        connection.Dispose();
    }

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out var command))
            _commands.Add(sql, command = Prepare(sql, values.Length));
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    private SqliteCommand Prepare(string sql, int parameterCount)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameterCount; i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        return command;
    }
}
