namespace Ayni.Ledger;

/// <summary>A table that many rows of a transaction go to.</summary>
internal sealed class Table
{
    /// <param name="name">Its name.</param>
    /// <param name="columns">The columns that are given, each with PostgreSQL's type: <c>number bigint</c>.</param>
    public Table(string name, params string[] columns)
        : this(name, [], columns)
    {
    }

    /// <param name="name">Its name.</param>
    /// <param name="key">Columns by which a row replaces one that is there; none if rows are only added.</param>
    /// <param name="columns">The columns that are given, each with PostgreSQL's type.</param>
    /// <param name="stay">Columns that stay as they are in a row that is there, so that no index on them is touched.</param>
    public Table(string name, string[] key, string[] columns, params string[] stay)
    {
        string[] names = [.. columns.Select(column => column.Split(' ')[0])];
        Types = [.. columns.Select(column => column.Split(' ')[1])];
        var list = string.Join(", ", names);
        var replace = key.Length == 0
            ? ""
            : $" ON CONFLICT ({string.Join(", ", key)}) DO UPDATE SET {string.Join(", ", names.Except(key).Except(stay).Select(name => $"{name} = excluded.{name}"))}";
        // OR ROLLBACK spares SQLite a journal for undoing this one row, which a trigger on the table would otherwise cost.
        InsertOne = $"INSERT {(key.Length == 0 ? "OR ROLLBACK " : "")}INTO {name} ({list}) VALUES ({Join(i => $"${i + 1}")}){replace}";
        InsertMany = $"INSERT INTO {name} ({list}) SELECT {Join(i => $"v{i}::{Types[i]}")} FROM unnest("
            + $"{Join(i => $"${i + 1}::{ArrayType(Types[i])}[]")}) AS t ({Join(i => $"v{i}")}){replace}";
    }

    public IReadOnlyList<string> Types { get; }

    /// <summary>SQLite's statement for a row. Where it fails, the whole transaction may be rolled back.</summary>
    public string InsertOne { get; }

    /// <summary>PostgreSQL's statement for the rows of some arrays, one a column.</summary>
    public string InsertMany { get; }

    private string Join(Func<int, string> each) => string.Join(", ", Enumerable.Range(0, Types.Count).Select(each));

    /// <summary>Money goes over as text.</summary>
    private static string ArrayType(string type) => type == "numeric" ? "text" : type;
}
