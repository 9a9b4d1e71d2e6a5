namespace Ayni.Ledger;

/// <summary>The SQL of which meters report for which keys.</summary>
internal static class MeterRows
{
    private static readonly PagedQuery Every = new("SELECT meter, key FROM metered_keys", "meter, key");

    public static void Allow(Session session, string meterId, string keyId) =>
        session.Execute("INSERT INTO metered_keys (meter, key) VALUES ($1, $2)", meterId, keyId);

    public static void Disallow(Session session, string meterId, string keyId) =>
        session.Execute("DELETE FROM metered_keys WHERE meter = $1 AND key = $2", meterId, keyId);

    public static bool IsAllowed(Session session, string meterId, string keyId) =>
        session.Scalar("SELECT 1 FROM metered_keys WHERE meter = $1 AND key = $2", meterId, keyId) is not null;

    /// <summary>The keys that meters report for, by meter.</summary>
    public static IReadOnlyList<MeteredKey> List(Session session, string after, int limit) =>
        Every.Query(session, PagedQuery.Parts(after, 2), limit).ReadAll(row => new MeteredKey(row.GetString(0), row.GetString(1)));
}
