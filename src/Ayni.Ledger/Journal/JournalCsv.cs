using System.Globalization;

namespace Ayni.Ledger;

/// <summary>The journal as finance imports it: a row for each posting, with the code of its account.</summary>
public static class JournalCsv
{
    /// <summary>The names of the columns.</summary>
    public const string Header =
        "entry,line,recorded,period,service_period,kind,reference,account_code,account_title,account,currency,debit,credit\r\n";

    /// <summary>
    /// Writes an entry's rows (RFC 4180). Numbers are exact and have a point in every culture; texts that a spreadsheet would take for a
    /// formula begin with an apostrophe instead.
    /// </summary>
    public static void Write(Entry entry, TextWriter writer)
    {
        for (var line = 0; line < entry.Postings.Length; line++)
        {
            var (account, amount) = entry.Postings[line];
            var code = AccountCode.Of(account);
            string[] cells =
            [
                entry.Number.ToString(CultureInfo.InvariantCulture),
                (line + 1).ToString(CultureInfo.InvariantCulture),
                entry.RecordedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
                entry.Period.ToString(),
                entry.ServicePeriod.ToString(),
                JournalRows.NameOf(entry.Kind),
                StatementCsv.Cell(entry.Reference),
                code.Code,
                StatementCsv.Cell(code.Title),
                StatementCsv.Cell(account.Name),
                amount.Currency.Code,
                amount.Sign >= 0 ? amount.Format() : "",
                amount.Sign < 0 ? (-amount).Format() : "",
            ];
            writer.Write(string.Join(',', cells));
            writer.Write("\r\n");
        }
    }
}
