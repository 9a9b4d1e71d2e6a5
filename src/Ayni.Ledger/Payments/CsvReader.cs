using System.Text;

namespace Ayni.Ledger;

/// <summary>Reads comma-separated values (RFC 4180), row by row. Not thread-safe.</summary>
internal sealed class CsvReader(TextReader reader)
{
    private const int LongestRow = 64 * 1024, MostCells = 64;

    private long _line;

    /// <summary>The line on which the last row began, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>
    /// The next row's cells, or null at the end; blank lines are passed over. Throws <see cref="CsvFormatException"/> for a quote where
    /// none may be, one that never ends, or a row beyond 64 Ki characters or 64 cells.
    /// </summary>
    public IReadOnlyList<string>? Read()
    {
        while (reader.Peek() >= 0)
        {
            Line = ++_line;
            var row = ReadRow();
            if (row is not [""])
                return row;
        }
        return null;
    }

    private List<string> ReadRow()
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var length = 0;
        bool isQuoted = false, wasQuoted = false;
        while (true)
        {
            var next = reader.Read();
            if (++length > LongestRow || cells.Count >= MostCells)
                throw new CsvFormatException(Line, $"a row has at most {MostCells} cells and {LongestRow} characters");
            if (isQuoted)
            {
                switch (next)
                {
                    case < 0:
                        throw new CsvFormatException(Line, "a quoted cell never ends");
                    case '"' when reader.Peek() == '"':
                        reader.Read();
                        cell.Append('"');
                        break;
                    case '"':
                        (isQuoted, wasQuoted) = (false, true);
                        break;
                    default:
                        if (next == '\n')
                            _line++;
                        cell.Append((char)next);
                        break;
                }
                continue;
            }
            switch (next)
            {
                case '\r' when reader.Peek() == '\n':
                    break;
                case < 0 or '\n':
                    cells.Add(cell.ToString());
                    return cells;
                case ',':
                    cells.Add(cell.ToString());
                    cell.Clear();
                    wasQuoted = false;
                    break;
                case '"' when cell.Length == 0 && !wasQuoted:
                    isQuoted = true;
                    break;
                default:
                    if (next == '"' || wasQuoted)
                        throw new CsvFormatException(
                            Line, "a quote stands inside a cell; quote the whole cell and double the quotes in it");
                    cell.Append((char)next);
                    break;
            }
        }
    }
}
