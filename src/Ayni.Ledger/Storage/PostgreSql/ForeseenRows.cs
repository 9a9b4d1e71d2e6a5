namespace Ayni.Ledger;

/// <summary>The SQL that reads for many jobs at once, in PostgreSQL's dialect. Each calls back with what there is.</summary>
internal static class ForeseenRows
{
    public static void Receipts(Session session, string[] requestIds, Action<Receipt> each)
    {
        using var row = session.Query("SELECT canonical FROM receipts WHERE request = ANY($1)", (object)requestIds);
        while (row.Read())
            each(ReceiptFormat.Decode(row.GetFieldValue<byte[]>(0)));
    }

    public static void Reservations(Session session, string[] requestIds, Action<string> each)
    {
        using var row = session.Query("SELECT request FROM reservations WHERE request = ANY($1)", (object)requestIds);
        while (row.Read())
            each(row.GetString(0));
    }

    /// <summary>The ends of the keys' own series.</summary>
    public static void Heads(Session session, string[] keyIds, Action<string, KeyHead> each)
    {
        using var row = session.Query(
            """
            SELECT k.id, r.number, r.canonical
            FROM unnest($1) AS k (id) CROSS JOIN LATERAL (
              SELECT number, canonical FROM receipts WHERE key = k.id AND meter = '' ORDER BY number DESC LIMIT 1) r
            """,
            (object)keyIds);
        while (row.Read())
            each(row.GetString(0), new(row.GetInt64(1), Digest.Of(row.GetFieldValue<byte[]>(2))));
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

    public static void Budgets(Session session, string[] subjects, string[] spans, Action<string, string, Currency, BudgetTotal> each)
    {
        using var row = session.Query(
            "SELECT subject, span, currency, spent, held FROM budgets WHERE subject = ANY($1) AND span = ANY($2)", subjects, spans);
        while (row.Read())
        {
            var currency = row.GetCurrency(2);
            each(row.GetString(0), row.GetString(1), currency, new(row.GetAmount(3, currency), row.GetAmount(4, currency)));
        }
    }
}
