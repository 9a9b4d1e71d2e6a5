using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of limits, of what is spent and held of them, and of hosts' leases.</summary>
internal static class BudgetRows
{
    private const string LimitColumns =
        "SELECT subject, currency, per_day, per_month, requests_per_minute, tokens_per_minute FROM limits";

    private static readonly PagedQuery EveryLimit = new(LimitColumns, "subject");

    private static readonly Table BudgetTable = new(
        "budgets", ["subject", "span", "currency"],
        ["subject text", "span text", "currency text", "spent numeric"]);

    private static readonly Table HoldTable = new(
        "holds", ["subject", "span", "currency", "lease"],
        ["subject text", "span text", "currency text", "lease text", "held numeric"]);

    public static void Set(Session session, Limits limits)
    {
        session.Execute("DELETE FROM limits WHERE subject = $1", limits.SubjectId);
        if (limits.BoundAnything)
            session.Execute(
                """
                INSERT INTO limits (subject, currency, per_day, per_month, requests_per_minute, tokens_per_minute)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                limits.SubjectId, limits.Currency?.Code, limits.PerDay?.FormatFixed(), limits.PerMonth?.FormatFixed(),
                limits.RequestsPerMinute, limits.TokensPerMinute);
    }

    public static Limits? Find(Session session, string subjectId)
    {
        using var row = session.Query($"{LimitColumns} WHERE subject = $1", subjectId);
        return row.Read() ? ReadLimits(row) : null;
    }

    /// <summary>Calls back with the limits of those that have some. On a server only.</summary>
    public static void ForEach(Session session, string[] subjects, Action<Limits> each)
    {
        using var row = session.Query($"{LimitColumns} WHERE subject = ANY($1)", (object)subjects);
        while (row.Read())
            each(ReadLimits(row));
    }

    /// <summary>What bounds a customer and its keys, or everybody, by subject.</summary>
    public static IReadOnlyList<Limits> List(Session session, string? customerId, string after = "", int limit = int.MaxValue) => EveryLimit.Query(
        session, after, limit, ("(subject = ? OR subject IN (SELECT id FROM keys WHERE customer = ?))", customerId)).ReadAll(ReadLimits);

    /// <summary>Of three, those that have limits.</summary>
    public static List<string> Limited(Session session, string keyId, string customerId, string? appId)
    {
        var subjects = new List<string>();
        using var row = session.Query("SELECT subject FROM limits WHERE subject IN ($1, $2, $3)", keyId, customerId, appId ?? "");
        while (row.Read())
            subjects.Add(row.GetString(0));
        return subjects;
    }

    public static BudgetTotal Budget(Session session, string subjectId, string span, Currency currency)
    {
        using var row = session.Query(
            "SELECT spent FROM budgets WHERE subject = $1 AND span = $2 AND currency = $3", subjectId, span, currency.Code);
        return new(row.Read() ? row.GetAmount(0, currency) : Amount.Zero(currency));
    }

    /// <summary>What requests under way hold, by hosts' runs.</summary>
    public static HeldTotal Held(Session session, Hold hold, Currency currency)
    {
        var total = new HeldTotal(currency);
        using var row = session.Query(
            "SELECT lease, held FROM holds WHERE subject = $1 AND span = $2 AND currency = $3", hold.SubjectId, hold.Span, currency.Code);
        while (row.Read())
            total.Load(row.GetString(0), row.GetAmount(1, currency));
        return total;
    }

    /// <summary>Where a run holds something.</summary>
    public static List<(Hold Hold, Currency Currency)> HoldsOf(Session session, string leaseId) => session.Query(
        "SELECT subject, span, currency FROM holds WHERE lease = $1 AND held <> '0.000000000000'", leaseId)
        .ReadAll(row => (new Hold(row.GetString(0), row.GetString(1)), row.GetCurrency(2)));

    public static void Save(Session session, string subjectId, string span, Currency currency, BudgetTotal total) => session.Append(
        BudgetTable, subjectId, span, currency.Code, total.Spent.FormatFixed());

    public static void Save(Session session, Hold hold, Currency currency, string leaseId, Amount held) => session.Append(
        HoldTable, hold.SubjectId, hold.Span, currency.Code, leaseId, held.FormatFixed());

    /// <summary>Forgets days and months before those named.</summary>
    public static void DropOldSpans(Session session, string beforeDay, string beforeMonth) => session.Execute(
        "DELETE FROM budgets WHERE (length(span) = 10 AND span < $1) OR (length(span) = 7 AND span < $2)", beforeDay, beforeMonth);

    /// <summary>Forgets where a run holds nothing any more.</summary>
    public static void DropEmptyHolds(Session session, string leaseId) =>
        session.Execute("DELETE FROM holds WHERE lease = $1 AND held = '0.000000000000'", leaseId);

    public static RateWindow Rates(Session session, string subjectId, long firstSecond)
    {
        var seconds = new SortedDictionary<long, (long, long)>();
        using var row = session.Query(
            "SELECT second, requests, tokens FROM rates WHERE subject = $1 AND second >= $2", subjectId, firstSecond);
        while (row.Read())
            seconds.Add(row.GetInt64(0), (row.GetInt64(1), row.GetInt64(2)));
        return new(seconds);
    }

    /// <summary>Writes the seconds that changed and forgets those that count no more.</summary>
    public static void Save(Session session, string subjectId, RateWindow window, long firstSecond)
    {
        session.Execute("DELETE FROM rates WHERE subject = $1 AND second < $2", subjectId, firstSecond);
        foreach (var (second, requests, tokens) in window.Changed)
        {
            session.Execute(
                """
                INSERT INTO rates (subject, second, requests, tokens) VALUES ($1, $2, $3, $4)
                ON CONFLICT (subject, second) DO UPDATE SET requests = excluded.requests, tokens = excluded.tokens
                """,
                subjectId, second, requests, tokens);
        }
    }

    /// <summary>How often something is held.</summary>
    public static long CountHolds(Session session) =>
        (long)session.Scalar("SELECT count(*) FROM holds WHERE held <> '0.000000000000'")!;

    /// <summary>Begins a lease, or prolongs it. Returns since when it is in force.</summary>
    public static DateTimeOffset KeepLease(Session session, HostLease lease, DateTimeOffset now) => Instants.FromMicroseconds(session.Insert(
        """
        INSERT INTO leases (id, host, until, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET until = excluded.until RETURNING since
        """,
        lease.Id, lease.Name, (now + HostLease.Term).Microseconds(), now.Microseconds()));

    /// <summary>Keeps when a run's oldest request under way came; null if it has none.</summary>
    public static void TellOldestRequest(Session session, string leaseId, DateTimeOffset? oldest, DateTimeOffset now) => session.Execute(
        "UPDATE leases SET told = $2, oldest_request = $3 WHERE id = $1", leaseId, now.Microseconds(), oldest?.Microseconds());

    /// <summary>
    /// A host that has, or may have, a request under way that came before an instant: its run began before, and it has not told since then
    /// that all such are done. A run that has told nothing for the term of its lease has ended. Null if there is none.
    /// </summary>
    public static string? HostWithRequestsBefore(Session session, DateTimeOffset end, DateTimeOffset now) => session.Scalar(
        """
        SELECT host FROM leases
        WHERE since < $1 AND coalesce(told, since) >= $2 AND (told IS NULL OR told < $1 OR oldest_request < $1)
        ORDER BY id LIMIT 1
        """,
        end.Microseconds(), (now - HostLease.Term).Microseconds()) as string;

    /// <summary>Since when a lease is in force; null if it is not there.</summary>
    public static DateTimeOffset? LeaseSince(Session session, string leaseId) =>
        session.Scalar("SELECT since FROM leases WHERE id = $1", leaseId) is long since ? Instants.FromMicroseconds(since) : null;

    public static bool IsInForce(Session session, string leaseId, DateTimeOffset now) =>
        session.Scalar("SELECT 1 FROM leases WHERE id = $1 AND until >= $2", leaseId, now.Microseconds()) is not null;

    /// <summary>Ends a lease with all that is held under it.</summary>
    public static void EndLease(Session session, string leaseId)
    {
        session.Execute("DELETE FROM holds WHERE lease = $1", leaseId);
        session.Execute("DELETE FROM leases WHERE id = $1", leaseId);
    }

    public static IReadOnlyList<string> ExpiredLeases(Session session, DateTimeOffset now) =>
        Texts(session.Query("SELECT id FROM leases WHERE until < $1", now.Microseconds()));

    private static List<string> Texts(DbDataReader rows)
    {
        using (rows)
        {
            var texts = new List<string>();
            while (rows.Read())
                texts.Add(rows.GetString(0));
            return texts;
        }
    }

    private static Limits ReadLimits(DbDataReader row)
    {
        var currency = row.IsDBNull(1) ? null : row.GetCurrency(1);
        return new(row.GetString(0), AmountOrNull(2), AmountOrNull(3), NumberOrNull(4), NumberOrNull(5));

        Amount? AmountOrNull(int column) => row.IsDBNull(column) ? null : row.GetAmount(column, currency!);
        long? NumberOrNull(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
    }
}
