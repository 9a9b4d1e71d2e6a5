namespace Ayni.Ledger;

/// <summary>The SQL of what there is once in a ledger.</summary>
internal static class LedgerRows
{
    public static LedgerZone Zone(Session session) => LedgerZone.Find((string)session.Scalar("SELECT zone FROM ledger")!);

    public static void SetZone(Session session, LedgerZone zone) => session.Execute("UPDATE ledger SET zone = $1", zone.Id);

    /// <summary>Changes with every change of anybody's limits.</summary>
    public static long LimitsVersion(Session session) => (long)session.Scalar("SELECT limits_version FROM ledger")!;

    public static void IncrementLimitsVersion(Session session) =>
        session.Execute("UPDATE ledger SET limits_version = limits_version + 1");

    public static bool HasReceipts(Session session) => session.Scalar("SELECT 1 FROM receipts LIMIT 1") is not null;
}
