using System.Collections;
using Npgsql;
using NpgsqlTypes;

namespace Ayni.Ledger;

/// <summary>Rows that wait to be sent to a table, column by column.</summary>
internal sealed class PendingRows(Table table)
{
    private IList[] _columns = Empty(table);

    public int Count => _columns[0].Count;

    public void Add(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < _columns.Length; i++)
            _columns[i].Add(values[i] is int number ? (long)number : values[i]);
    }

    public void Clear() => _columns = Empty(table);

    /// <summary>The one statement that inserts them all; they wait no more.</summary>
    public NpgsqlBatchCommand ToCommand()
    {
        var command = new NpgsqlBatchCommand(table.InsertMany);
        for (var i = 0; i < _columns.Length; i++)
            command.Parameters.Add(new NpgsqlParameter { Value = _columns[i], NpgsqlDbType = NpgsqlDbType.Array | TypeOf(table.Types[i]) });
        Clear();
        return command;
    }

    private static IList[] Empty(Table table) => [.. table.Types.Select(ColumnOf)];

    private static NpgsqlDbType TypeOf(string type) => type switch
    {
        "bigint" => NpgsqlDbType.Bigint,
        "bytea" => NpgsqlDbType.Bytea,
        "text" or "numeric" => NpgsqlDbType.Text,
        _ => throw new ArgumentException($"No table has a column of type {type}.", nameof(type)),
    };

    private static IList ColumnOf(string type) => TypeOf(type) switch
    {
        NpgsqlDbType.Bigint => new List<long?>(),
        NpgsqlDbType.Bytea => new List<byte[]?>(),
        _ => new List<string?>(),
    };
}
