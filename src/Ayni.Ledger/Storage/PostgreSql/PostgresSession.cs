using System.Data;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Ayni.Ledger;

/// <summary>A connection to a PostgreSQL server.</summary>
internal sealed class PostgresSession(NpgsqlConnection connection) : Session(connection)
{
    /// <summary>"AYNI" in ASCII: the first half of the lock's number; the other is a hash of the schema's name.</summary>
    private const int LockSpace = 0x41594E49;

    private const string Clock = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

    /// <summary>How long the server's clock is not asked for: much longer, and it may have been set.</summary>
    private static readonly TimeSpan LongestGuess = TimeSpan.FromSeconds(1);

    private const string Number = "pg_current_xact_id()::text::bigint";

    private const string FirstUnderWay = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

    private static readonly string[] Beginning =
    [
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({LockSpace}, hashtext(current_schema()))"),
        $"SELECT {Clock}, {Number}, {FirstUnderWay}",
    ];

    /// <summary>
    /// The last step of the beginning for whom nobody else may have written: fails where the transaction's number is not as expected.
    /// </summary>
    private const string BeginningAlone =
        $"SELECT {Clock}, {Number}, {FirstUnderWay}, 1 / (CASE WHEN {Number} = $1 AND {FirstUnderWay} >= $1 THEN 1 ELSE 0 END)";

    private readonly Dictionary<Table, PendingRows> _pending = [];

    private bool _isBeginning, _isGuess, _inTransaction, _isPending, _wasAlone, _isLikelyAlone;
    private long _lastTransaction, _foreignCommits;

    /// <summary>What time it was at the server when the transaction that writes had its lock.</summary>
    private DateTimeOffset? _began;

    /// <summary>The same of the last transaction, and when that was known here.</summary>
    private (DateTimeOffset Server, long Here) _lastBegan;

    public override bool IsRemote => true;

    public override bool InTransaction => _inTransaction;

    public override bool IsBroken => connection.FullState.HasFlag(ConnectionState.Broken) || connection.State != ConnectionState.Open;

    /// <summary>
    /// One transaction at a time writes, of whatever host: so the numbers have no gaps, and nobody can wait in a circle. Each statement
    /// after the lock sees what was committed before. Nothing is sent yet: the beginning goes over with the first query, in one round trip.
    /// </summary>
    public override void BeginWriting() => (_isBeginning, _isGuess) = (true, false);

    public override bool TryBeginAlone(out DateTimeOffset now)
    {
        now = default;
        var since = Stopwatch.GetElapsedTime(_lastBegan.Here);
        if (!_isLikelyAlone || since > LongestGuess)
            return false;
        now = _lastBegan.Server + since;
        (_isBeginning, _isGuess) = (true, true);
        return true;
    }

    public override void BeginReading()
    {
        Control("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        _inTransaction = true;
    }

    public override DbDataReader Query(string sql, params ReadOnlySpan<object?> values)
    {
        var rows = _isBeginning ? Begin(Command(sql, values)) : base.Query(sql, values);
        HasAnswered = true;
        return rows;
    }

    public override object? Scalar(string sql, params ReadOnlySpan<object?> values)
    {
        using var row = Query(sql, values);
        return row.Read() ? row.GetValue(0) : null;
    }

    /// <summary>Rows go over together, when something else is asked of the server: a row alone would cost a round trip.</summary>
    public override void Append(Table table, params ReadOnlySpan<object?> values)
    {
        Writes++;
        if (!_pending.TryGetValue(table, out var rows))
            _pending.Add(table, rows = new(table));
        rows.Add(values);
        _isPending = true;
    }

    public override void Commit()
    {
        if (_isBeginning && _isGuess)
            DoAlone();
        else
        {
            BeginNow();
            Send(new NpgsqlBatchCommand("COMMIT"));
        }
        _inTransaction = false;
        _began = null;
    }

    public override void RollBack()
    {
        (_isBeginning, _isLikelyAlone) = (false, false);
        if (!_inTransaction)
            return;
        _inTransaction = false;
        _began = null;
        _isPending = false;
        foreach (var rows in _pending.Values)
            rows.Clear();
        if (!IsBroken)
            Control("ROLLBACK");
    }

    public override long ReadForeignCommits()
    {
        BeginNow();
        return _foreignCommits;
    }

    public override DateTimeOffset? ReadServerClock()
    {
        BeginNow();
        return _began ?? Instants.FromMicroseconds((long)Scalar($"SELECT {Clock}")!);
    }

    protected override DbParameter CreateParameter(int number) => new NpgsqlParameter();

    /// <summary>Texts go without a type, so that the server takes them for what the statement needs: text or money.</summary>
    protected override void SetValue(DbParameter parameter, object? value)
    {
        var typed = (NpgsqlParameter)parameter;
        (typed.NpgsqlDbType, typed.Value) = value switch
        {
            null => (NpgsqlDbType.Unknown, DBNull.Value),
            // The server holds every character but this one, and says so as a fault of its own.
            string text when text.Contains('\0', StringComparison.Ordinal) =>
                throw new LedgerRefusedException(Refusal.InvalidText, "A text holds the character U+0000, which nothing here is called by."),
            string text => (NpgsqlDbType.Unknown, text),
            long number => (NpgsqlDbType.Bigint, number),
            int number => (NpgsqlDbType.Bigint, (object)(long)number),
            byte[] bytes => (NpgsqlDbType.Bytea, bytes),
            string[] texts => (NpgsqlDbType.Array | NpgsqlDbType.Text, texts),
            _ => throw new ArgumentException($"No column holds a {value.GetType()}.", nameof(value)),
        };
    }

    protected override void BeforeStatement()
    {
        BeginNow();
        if (_isPending)
            Send();
    }

    private void BeginNow()
    {
        if (_isBeginning)
            Begin(null).Dispose();
    }

    /// <summary>Sends the beginning with what is asked first, if anything, and returns the rows of that.</summary>
    /// <remarks>
    /// The server numbers its transactions that write. Where this one's number is next to that of the last one here, and beside neither of
    /// them another was under way, nobody else has written.
    /// </remarks>
    private NpgsqlDataReader Begin(NpgsqlBatchCommand? first)
    {
        var batch = new NpgsqlBatch(connection);
        foreach (var statement in Beginning)
            batch.BatchCommands.Add(new(statement));
        if (first is not null)
            batch.BatchCommands.Add(first);
        (_isBeginning, _inTransaction) = (false, true);
        var row = batch.ExecuteReader();
        try
        {
            row.NextResult();
            row.Read();
            NoteBeginning(row);
            if (_isGuess && !_isLikelyAlone)
                throw new NotAloneException();
            row.NextResult();
            return row;
        }
        catch
        {
            row.Dispose();
            throw;
        }
    }

    /// <summary>Takes in what the server says at the beginning.</summary>
    private void NoteBeginning(NpgsqlDataReader row)
    {
        _began = Instants.FromMicroseconds(row.GetInt64(0));
        _lastBegan = (_began.Value, Stopwatch.GetTimestamp());
        var (number, firstUnderWay) = (row.GetInt64(1), row.GetInt64(2));
        var isAlone = firstUnderWay >= number;
        _isLikelyAlone = isAlone && _wasAlone && number == _lastTransaction + 1;
        if (!_isLikelyAlone)
            _foreignCommits++;
        (_lastTransaction, _wasAlone) = (number, isAlone);
    }

    /// <summary>Sends a whole transaction that asked nothing. The server ends it at its beginning if anybody else has written.</summary>
    private void DoAlone()
    {
        (_isBeginning, _inTransaction, _isPending) = (false, true, false);
        using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(Beginning[0]));
        batch.BatchCommands.Add(new(Beginning[1]));
        batch.BatchCommands.Add(Command(BeginningAlone, [_lastTransaction + 1]));
        AddPending(batch);
        batch.BatchCommands.Add(new("COMMIT"));
        try
        {
            using var row = batch.ExecuteReader();
            row.NextResult();
            row.Read();
            NoteBeginning(row);
            // Each statement may yet be refused.
            while (row.NextResult())
            {
            }
        }
        catch (PostgresException refusal) when (refusal.SqlState == PostgresErrorCodes.DivisionByZero)
        {
            throw new NotAloneException();
        }
    }

    private NpgsqlBatchCommand Command(string sql, ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            var parameter = new NpgsqlParameter();
            SetValue(parameter, value);
            command.Parameters.Add(parameter);
        }
        return command;
    }

    /// <summary>
    /// Sends the rows that wait, in the order in which their tables were first written to, since what is referred to comes first; and what
    /// is to be done after that, unless a row is refused.
    /// </summary>
    private void Send(NpgsqlBatchCommand? after = null)
    {
        using var batch = new NpgsqlBatch(connection);
        AddPending(batch);
        if (after is not null)
            batch.BatchCommands.Add(after);
        batch.ExecuteNonQuery();
    }

    private void AddPending(NpgsqlBatch batch)
    {
        _isPending = false;
        foreach (var rows in _pending.Values.Where(rows => rows.Count > 0))
            batch.BatchCommands.Add(rows.ToCommand());
    }
}
