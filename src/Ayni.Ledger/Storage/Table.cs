namespace Ayni.Ledger;

/// <summary>A table that rows are appended to, many in a transaction.</summary>
internal sealed class Table
{
    /// <param name="name">Its name.</param>
    /// <param name="columns">The columns that are given, each with PostgreSQL's type: <c>number bigint</c>.</param>
    public Table(string name, params string[] columns)
    {
        Name = name;
        Columns = [.. columns.Select(column => column.Split(' ')[0])];
        Types = [.. columns.Select(column => column.Split(' ')[1])];
        var list = string.Join(", ", Columns);
        // OR ROLLBACK spares SQLite a journal for undoing this one row, which a trigger on the table would otherwise cost.
        InsertOne = $"INSERT OR ROLLBACK INTO {name} ({list}) VALUES ({Join(i => $"${i + 1}")})";
        InsertMany = $"INSERT INTO {name} ({list}) SELECT {Join(i => $"v{i}::{Types[i]}")} FROM unnest("
            + $"{Join(i => $"${i + 1}::{ArrayType(Types[i])}[]")}) AS t ({Join(i => $"v{i}")})";
    }

    public string Name { get; }

    public IReadOnlyList<string> Columns { get; }

    public IReadOnlyList<string> Types { get; }

    /// <summary>SQLite's statement for a row. Where it fails, the whole transaction is rolled back.</summary>
    public string InsertOne { get; }

    /// <summary>PostgreSQL's statement for the rows of some arrays, one a column.</summary>
    public string InsertMany { get; }

    private string Join(Func<int, string> each) => string.Join(", ", Enumerable.Range(0, Columns.Count).Select(each));

    /// <summary>Money goes over as text.</summary>
    private static string ArrayType(string type) => type == "numeric" ? "text" : type;
}
