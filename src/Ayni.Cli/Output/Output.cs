using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace Ayni.Cli;

/// <summary>How a command shows what it found.</summary>
internal enum OutputFormat
{
    Table,
    Json,
    Csv,
}

/// <summary>Shows listings on standard output in the format that was asked for.</summary>
internal sealed class Output(OutputFormat format)
{
    public OutputFormat Format { get; } = format;

    /// <summary>Shows rows: a table, a JSON array, or CSV.</summary>
    public void Write<T>(Listing<T> listing, IEnumerable<T> rows)
    {
        switch (Format)
        {
            case OutputFormat.Json:
                WriteJson(writer => listing.WriteJson(rows, writer));
                break;
            case OutputFormat.Csv:
                WriteText(writer => listing.WriteCsv(rows, writer));
                break;
            default:
                listing.WriteTable(rows, Terminal.Console);
                break;
        }
    }

    /// <summary>Shows one thing: a table of one row, a JSON object, or CSV.</summary>
    public void WriteOne<T>(Listing<T> listing, T row)
    {
        if (Format == OutputFormat.Json)
            WriteJson(writer => listing.WriteJson(row, writer));
        else
            Write(listing, [row]);
    }

    /// <summary>Writes one JSON value and a line's end to standard output.</summary>
    public static void WriteJson(Action<Utf8JsonWriter> write)
    {
        using var output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, JsonLines.Writing))
            write(writer);
        output.WriteByte((byte)'\n');
    }

    /// <summary>Writes text to standard output, in UTF-8.</summary>
    public static void WriteText(Action<TextWriter> write)
    {
        using var writer = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        write(writer);
    }
}

/// <summary>The options <c>--json</c> and <c>--csv</c>.</summary>
internal sealed class OutputOptions
{
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON, for scripts." };
    private readonly Option<bool> _csv = new("--csv") { Description = "Print CSV, for spreadsheets." };

    public void AddTo(Command command)
    {
        command.Options.Add(_json);
        command.Options.Add(_csv);
    }

    public Output Read(ParseResult result) => (result.GetValue(_json), result.GetValue(_csv)) switch
    {
        (true, true) => throw new UsageException("Give --json or --csv, not both."),
        (true, _) => new(OutputFormat.Json),
        (_, true) => new(OutputFormat.Csv),
        _ => new(OutputFormat.Table),
    };
}
