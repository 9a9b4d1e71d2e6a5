namespace Ayni.Ledger;

/// <summary>The SQL that reads for many jobs at once, in PostgreSQL's dialect. Each calls back with what there is.</summary>
internal static class ForeseenRows
{
    /// <summary>The receipts of requests; null for each that has none.</summary>
    public static Dictionary<string, Receipt?> Receipts(Session session, IEnumerable<string> requestIds)
    {
        var receipts = new Dictionary<string, Receipt?>(StringComparer.Ordinal);
        foreach (var request in requestIds)
            receipts[request] = null;
        if (receipts.Count == 0)
            return receipts;
        using var row = session.Query("SELECT canonical FROM receipts WHERE request = ANY($1)", (object)receipts.Keys.ToArray());
        while (row.Read())
        {
            var receipt = ReceiptFormat.Decode(row.GetFieldValue<byte[]>(0));
            receipts[receipt.RequestId] = receipt;
        }
        return receipts;
    }

    /// <summary>The ends of the keys' own series.</summary>
    public static void Heads(Session session, string[] keyIds, Action<string, KeyHead> each)
    {
        using var row = session.Query(
            """
            SELECT s.key, s.number, r.canonical, s.entry FROM series s JOIN receipts r ON r.entry = s.entry
            WHERE s.key = ANY($1) AND s.meter = ''
            """,
            (object)keyIds);
        while (row.Read())
            each(row.GetString(0), new(row.GetInt64(1), Digest.Of(row.GetFieldValue<byte[]>(2)), row.GetInt64(3)));
    }

    public static void Accounts(Session session, string[] names, Action<string, Currency, AccountTotal> each)
    {
        using var row = session.Query("SELECT name, currency, id, debits, credits FROM accounts WHERE name = ANY($1)", (object)names);
        while (row.Read())
        {
            var currency = row.GetCurrency(1);
            each(row.GetString(0), currency, new(row.GetInt64(2), row.GetAmount(3, currency), row.GetAmount(4, currency)));
        }
    }

    public static void Budgets(Session session, Hold[] spans, Action<Hold, Currency, BudgetTotal> each)
    {
        using var row = session.Query(
            """
            SELECT b.subject, b.span, b.currency, b.spent
            FROM unnest($1, $2) AS s (subject, span) JOIN budgets b ON b.subject = s.subject AND b.span = s.span
            """,
            Array.ConvertAll(spans, it => it.SubjectId), Array.ConvertAll(spans, it => it.Span));
        while (row.Read())
        {
            var currency = row.GetCurrency(2);
            each(new(row.GetString(0), row.GetString(1)), currency, new(row.GetAmount(3, currency)));
        }
    }

    public static void Holds(Session session, Hold[] holds, Action<Hold, Currency, string, Amount> each)
    {
        using var row = session.Query(
            """
            SELECT h.subject, h.span, h.currency, h.lease, h.held
            FROM unnest($1, $2) AS s (subject, span) JOIN holds h ON h.subject = s.subject AND h.span = s.span
            """,
            Array.ConvertAll(holds, it => it.SubjectId), Array.ConvertAll(holds, it => it.Span));
        while (row.Read())
        {
            var currency = row.GetCurrency(2);
            each(new(row.GetString(0), row.GetString(1)), currency, row.GetString(3), row.GetAmount(4, currency));
        }
    }
}
