namespace Ayni.Ledger;

/// <summary>The SQL of the audit: the whole journal in order.</summary>
internal static class AuditRows
{
    public static void ForEachPosting(Session session, Action<long, Posting> each)
    {
        using var row = session.Query(
            "SELECT p.entry, a.name, a.currency, p.amount FROM postings p JOIN accounts a ON a.id = p.account ORDER BY p.entry, p.line");
        while (row.Read())
            each(row.GetInt64(0), new(new(row.GetString(1)), row.GetAmount(3, row.GetCurrency(2))));
    }

    /// <summary>Calls back with each receipt's entry and canonical bytes, and the entry's reference and first posting.</summary>
    public static void ForEachReceipt(Session session, Action<long, byte[], string, Amount> each)
    {
        using var row = session.Query(
            """
            SELECT r.canonical, e.reference, p.amount, a.currency, r.entry
            FROM receipts r JOIN entries e ON e.number = r.entry JOIN postings p ON p.entry = r.entry AND p.line = 0
            JOIN accounts a ON a.id = p.account
            ORDER BY r.entry
            """);
        while (row.Read())
            each(row.GetInt64(4), row.GetFieldValue<byte[]>(0), row.GetString(1), row.GetAmount(2, row.GetCurrency(3)));
    }
}
