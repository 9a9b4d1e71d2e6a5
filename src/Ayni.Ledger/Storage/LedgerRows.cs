namespace Ayni.Ledger;

/// <summary>The SQL of what there is once in a ledger.</summary>
internal static class LedgerRows
{
    public static LedgerZone Zone(Session session) => LedgerZone.Find((string)session.Scalar("SELECT zone FROM ledger")!);

    public static void SetZone(Session session, LedgerZone zone) =>
        session.Execute("UPDATE ledger SET zone = $1, terms_version = terms_version + 1", zone.Id);

    /// <summary>Changes with every change of what keys open, at what terms and within what limits.</summary>
    public static long TermsVersion(Session session) => (long)session.Scalar("SELECT terms_version FROM ledger")!;

    /// <summary>The same, and debits less credits of an account.</summary>
    public static (long TermsVersion, Amount Net) TermsVersionAndNet(Session session, Account account, Currency currency)
    {
        using var row = session.Query(
            "SELECT l.terms_version, a.debits, a.credits FROM ledger l LEFT JOIN accounts a ON a.name = $1 AND a.currency = $2",
            account.Name, currency.Code);
        row.Read();
        return (row.GetInt64(0), row.IsDBNull(1) ? Amount.Zero(currency) : row.GetAmount(1, currency) - row.GetAmount(2, currency));
    }

    public static bool HasReceipts(Session session) => session.Scalar("SELECT 1 FROM receipts LIMIT 1") is not null;
}
