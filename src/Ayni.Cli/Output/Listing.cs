using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ayni.Ledger;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ayni.Cli;

/// <summary>One column of a listing.</summary>
/// <param name="Name">Its name in CSV, in snake_case; the table shows blanks for underscores.</param>
/// <param name="Value">A row's cell; null leaves it empty.</param>
/// <param name="IsNumber">Whether cells are numbers: aligned to the right, and never quoted against formulas.</param>
internal sealed record Column<T>(string Name, Func<T, string?> Value, bool IsNumber = false);

/// <summary>How rows of one kind are shown: its columns are stated once, for tables and CSV; JSON has a view of its own.</summary>
internal sealed class Listing<T>(JsonTypeInfo<T> json, params Column<T>[] columns)
{
    /// <summary>Shows a table, or where it is too wide for the console each row as a block of lines: nothing is cut off.</summary>
    public void WriteTable(IEnumerable<T> rows, IAnsiConsole console)
    {
        var all = rows.ToList();
        var table = ToTable(all);
        if (((IRenderable)table).Measure(RenderOptions.Create(console), int.MaxValue / 2).Max <= console.Profile.Width)
            console.Write(table);
        else
            all.ForEach(row => WriteBlock(row, console));
    }

    public void WriteCsv(IEnumerable<T> rows, TextWriter writer)
    {
        Csv.WriteRow(writer, columns.Select(column => column.Name));
        foreach (var row in rows)
            Csv.WriteRow(writer, columns.Select(column => column.IsNumber ? column.Value(row) ?? "" : StatementCsv.Cell(column.Value(row) ?? "")));
    }

    public void WriteJson(IEnumerable<T> rows, Utf8JsonWriter writer) => writer.WriteArray(rows, json);

    public void WriteJson(T row, Utf8JsonWriter writer) => JsonSerializer.Serialize(writer, row, json);

    private Table ToTable(IEnumerable<T> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            var header = new TableColumn(Title(column)).NoWrap();
            table.AddColumn(column.IsNumber ? header.RightAligned() : header);
        }
        foreach (var row in rows)
            table.AddRow(columns.Select(column => new Text(column.Value(row) ?? "")));
        return table;
    }

    private void WriteBlock(T row, IAnsiConsole console)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().Padding(2, 0, 2, 0)).AddColumn();
        foreach (var column in columns)
        {
            if (column.Value(row) is { Length: > 0 } value)
                grid.AddRow(Title(column), new Text(value));
        }
        console.Write(grid);
        console.WriteLine();
    }

    private static Text Title(Column<T> column) => new(column.Name.Replace('_', ' '), new Style(decoration: Decoration.Bold));
}
