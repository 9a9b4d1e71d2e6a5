using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>One connection with its prepared statements. Not thread-safe: one thread has it at a time.</summary>
internal abstract class Session(DbConnection connection) : IDisposable
{
    private readonly Dictionary<string, DbCommand> _commands = new(StringComparer.Ordinal);

    /// <summary>How many statements that write were executed, for telling whether a step has written anything yet.</summary>
    public long Writes { get; protected set; }

    /// <summary>Whether each query costs a round trip to a server, so that many are better asked at once.</summary>
    public virtual bool IsRemote => false;

    /// <summary>Whether a transaction is open.</summary>
    public abstract bool InTransaction { get; }

    /// <summary>Whether the connection is lost, so that a new one must be opened.</summary>
    public virtual bool IsBroken => false;

    /// <summary>
    /// Begins a transaction that writes, at the latest with its first query. Waits until no other one is open, in whatever process.
    /// </summary>
    public abstract void BeginWriting();

    /// <summary>
    /// Begins a transaction that writes like the last one here, on the guess that nobody else has written since: then a server needs not be
    /// asked what it knows, and a transaction that asks nothing else is one round trip. Where the guess was wrong, the first query or the
    /// commit throws <see cref="NotAloneException"/>, and nothing was written. False where it is no good guess, and nothing was begun.
    /// </summary>
    /// <param name="now">What time it is at the server, or a little less.</param>
    public virtual bool TryBeginAlone(out DateTimeOffset now)
    {
        now = default;
        return false;
    }

    /// <summary>Begins a transaction that sees one snapshot of the database.</summary>
    public abstract void BeginReading();

    /// <summary>Whether a query was answered since this was last set to false.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>Executes a statement that writes; <c>$1, $2, …</c> stand for the values. Returns the number of rows changed.</summary>
    public virtual int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        Writes++;
        return Bind(sql, values).ExecuteNonQuery();
    }

    /// <summary>
    /// Adds a row, or replaces the one of its key, at the latest when the next statement is executed or the transaction committed. Where
    /// that fails, the transaction can only be rolled back.
    /// </summary>
    public abstract void Append(Table table, params ReadOnlySpan<object?> values);

    /// <summary>Executes an insertion with <c>RETURNING</c> of a number that the database gives, and returns it.</summary>
    public long Insert(string sql, params ReadOnlySpan<object?> values)
    {
        Writes++;
        return (long)Bind(sql, values).ExecuteScalar()!;
    }

    /// <summary>Executes a statement that controls the connection or transaction.</summary>
    public void Control(string sql) => Bind(sql, []).ExecuteNonQuery();

    /// <summary>Executes a query. The rows must be disposed before the same query runs again.</summary>
    public virtual DbDataReader Query(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteReader();

    /// <summary>The first column of the first row, or null without rows.</summary>
    public virtual object? Scalar(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteScalar();

    /// <summary>
    /// Whether the next commit waits for the disk. Without, a crash of the machine may lose the transaction, but not part of it, nor any
    /// before it that waited. Called between transactions. A server does not skip the wait: hosts on other machines outlive its crash.
    /// </summary>
    public virtual void SetDurable(bool isDurable)
    {
    }

    /// <summary>Makes the transaction durable.</summary>
    public virtual void Commit() => Control("COMMIT");

    /// <summary>
    /// A number that changes when another connection has committed. Called once within each transaction that writes.
    /// </summary>
    public abstract long ReadForeignCommits();

    /// <summary>What time it is at the server; null where the database is in this process and has no clock of its own.</summary>
    public virtual DateTimeOffset? ReadServerClock() => null;

    /// <summary>Rolls back whatever transaction is still open; SQLite has already done it after some errors.</summary>
    public virtual void RollBack()
    {
        if (InTransaction)
            Control("ROLLBACK");
    }

    public virtual void Dispose()
    {
        foreach (var command in _commands.Values)
            command.Dispose();
        connection.Dispose();
    }

    /// <summary>The parameter for <c>$NUMBER</c>.</summary>
    protected abstract DbParameter CreateParameter(int number);

    /// <summary>Gives a parameter its value.</summary>
    protected virtual void SetValue(DbParameter parameter, object? value) => parameter.Value = value ?? DBNull.Value;

    /// <summary>Called before each statement.</summary>
    protected virtual void BeforeStatement()
    {
    }

    private DbCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        BeforeStatement();
        if (!_commands.TryGetValue(sql, out var command))
            _commands.Add(sql, command = Prepare(sql, values.Length));
        for (var i = 0; i < values.Length; i++)
            SetValue(command.Parameters[i], values[i]);
        return command;
    }

    private DbCommand Prepare(string sql, int parameterCount)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameterCount; i++)
            command.Parameters.Add(CreateParameter(i));
        return command;
    }
}
