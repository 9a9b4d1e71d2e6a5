namespace Ayni.Ledger;

/// <summary>
/// Reads payments from comma-separated values: a header that names the columns <c>bank_reference</c>, <c>date</c>, <c>amount</c>,
/// <c>currency</c> and <c>customer</c> or <c>invoice</c> or both in any order, then a row for each payment. Other columns are passed over.
/// </summary>
public static class PaymentsCsv
{
    private const int MostRows = 1_000_000;

    private static readonly string[] Needed = ["bank_reference", "date", "amount", "currency"];

    /// <summary>
    /// Reads every row before any is recorded, so that a file is taken as a whole or not at all. Throws <see cref="CsvFormatException"/>.
    /// </summary>
    public static IReadOnlyList<PaymentRow> Read(TextReader reader)
    {
        var csv = new CsvReader(reader);
        var header = csv.Read() ?? throw new CsvFormatException(1, "the file is empty; its first line names the columns");
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < header.Count; i++)
        {
            if (!columns.TryAdd(header[i].TrimStart('\uFEFF'), i))
                throw new CsvFormatException(csv.Line, $"the column '{header[i]}' stands twice");
        }
        if (Needed.FirstOrDefault(name => !columns.ContainsKey(name)) is { } missing)
            throw new CsvFormatException(
                csv.Line, $"there is no column '{missing}'; name {string.Join(", ", Needed)} and customer or invoice");
        var rows = new List<PaymentRow>();
        var references = new HashSet<string>(StringComparer.Ordinal);
        while (csv.Read() is { } cells)
        {
            if (cells.Count != header.Count)
                throw new CsvFormatException(csv.Line, $"{cells.Count} cells stand below {header.Count} columns");
            if (rows.Count == MostRows)
                throw new CsvFormatException(csv.Line, $"a file holds at most {MostRows} payments");
            var row = ReadRow(csv.Line, name => columns.TryGetValue(name, out var column) ? cells[column] : "");
            if (!references.Add(row.BankReference))
                throw new CsvFormatException(csv.Line, $"the bank reference '{row.BankReference}' stands twice");
            rows.Add(row);
        }
        return rows;
    }

    private static PaymentRow ReadRow(long line, Func<string, string> cell)
    {
        if (!Currency.TryParse(cell("currency"), out var currency))
            throw new CsvFormatException(line, $"'{cell("currency")}' is no currency; write EUR");
        if (!Amount.TryParse(cell("amount"), currency, out var amount))
            throw new CsvFormatException(line, $"'{cell("amount")}' is no amount; write 12.34");
        if (!CalendarText.TryParseDay(cell("date"), out var date))
            throw new CsvFormatException(line, $"'{cell("date")}' is no day; write 2026-12-31");
        if (cell("bank_reference").Length == 0)
            throw new CsvFormatException(line, "the bank reference is missing; it keeps a payment from being recorded twice");
        var (customer, invoice) = (cell("customer"), cell("invoice"));
        if (customer.Length == 0 && invoice.Length == 0)
            throw new CsvFormatException(line, "neither a customer nor an invoice is named");
        return new(
            line, cell("bank_reference"), date, amount, customer.Length > 0 ? customer : null, invoice.Length > 0 ? invoice : null);
    }
}
