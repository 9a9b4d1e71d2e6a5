namespace Ayni.Ledger;

/// <summary>The SQL of opening balances.</summary>
internal static class OpeningRows
{
    /// <summary>The balance entered with a reference, whatever its month.</summary>
    public static OpeningBalance? Find(Session session, string reference)
    {
        using var row = session.Query(
            """
            SELECT a.name, a.currency, p.amount
            FROM entries e JOIN postings p ON p.entry = e.number JOIN accounts a ON a.id = p.account
            WHERE e.reference = $1 AND e.kind = 'opening' AND p.line = 0
            """,
            reference);
        return row.Read() ? new(reference, new(row.GetString(0)), row.GetAmount(2, row.GetCurrency(1))) : null;
    }
}
