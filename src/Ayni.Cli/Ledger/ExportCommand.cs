using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger export</c>: the journal as finance imports it.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var from = new Option<string?>("--from") { Description = "From this day or instant on.", HelpName = "DAY" };
        var until = new Option<string?>("--until") { Description = "Until before this day or instant.", HelpName = "DAY" };
        return LedgerCommand.Create(
            "export",
            """
            Write the journal as CSV, a row for each posting with the code of its account, in the order it was posted. --json writes an
            array of entries.

            Example:
              ayni ledger export --from 2026-11-01 --until 2026-12-01 > november.csv
            """,
            [from, until],
            (books, result, output, _) =>
            {
                var first = Cells.ParseStart(result.GetValue(from), books.Zone) ?? DateTimeOffset.MinValue;
                var end = Cells.ParseStart(result.GetValue(until), books.Zone) ?? DateTimeOffset.MaxValue;
                if (output.Format == OutputFormat.Json)
                {
                    Output.WriteJson(writer =>
                    {
                        writer.WriteStartArray();
                        books.ExportJournal(first, end, entry => System.Text.Json.JsonSerializer.Serialize(
                            writer, entry, LedgerJson.Default.Entry));
                        writer.WriteEndArray();
                    });
                }
                else
                {
                    Output.WriteText(writer =>
                    {
                        writer.Write(JournalCsv.Header);
                        books.ExportJournal(first, end, entry => JournalCsv.Write(entry, writer));
                    });
                }
                return Task.CompletedTask;
            });
    }
}
