using System.Data.Common;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>The SQL of limits, of what is spent and held of them, and of hosts' leases.</summary>
internal static class BudgetRows
{
    private const string LimitColumns =
        "SELECT subject, currency, per_day, per_month, requests_per_minute, tokens_per_minute FROM limits";

    private static readonly Table BudgetTable = new(
        "budgets", ["subject", "span", "currency"],
        ["subject text", "span text", "currency text", "spent numeric", "held numeric"]);

    private static readonly Table ReservationTable = new(
        "reservations", "request text", "lease text", "max_tokens bigint", "currency text", "amount numeric", "tokens bigint",
        "reserved bigint", "day text", "period text", "subjects text");

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

    public static IReadOnlyList<Limits> List(Session session)
    {
        var limits = new List<Limits>();
        using var row = session.Query($"{LimitColumns} ORDER BY subject");
        while (row.Read())
            limits.Add(ReadLimits(row));
        return limits;
    }

    /// <summary>Of three, those that have limits.</summary>
    public static List<string> Limited(Session session, string keyId, string customerId, string? appId)
    {
        var subjects = new List<string>();
        using var row = session.Query("SELECT subject FROM limits WHERE subject IN ($1, $2, $3)", keyId, customerId, appId ?? "");
        while (row.Read())
            subjects.Add(row.GetString(0));
        return subjects;
    }

    /// <summary>Calls back with each receipt of a key, customer or app whose admission lies in a month.</summary>
    public static void ForEachReceipt(Session session, string subjectId, Period month, Action<Receipt> each)
    {
        using var row = session.Query(
            """
            SELECT r.canonical FROM receipts r JOIN entries e ON e.number = r.entry
            WHERE (r.customer = $1 OR r.key = $1 OR r.key IN (SELECT id FROM keys WHERE app = $1)) AND e.service_period = $2
            """,
            subjectId, month.ToString());
        while (row.Read())
            each(ReceiptFormat.Decode(row.GetFieldValue<byte[]>(0)));
    }

    public static BudgetTotal Budget(Session session, string subjectId, string span, Currency currency)
    {
        using var row = session.Query(
            "SELECT spent, held FROM budgets WHERE subject = $1 AND span = $2 AND currency = $3", subjectId, span, currency.Code);
        return row.Read()
            ? new(row.GetAmount(0, currency), row.GetAmount(1, currency))
            : new(Amount.Zero(currency), Amount.Zero(currency));
    }

    public static void Save(Session session, string subjectId, string span, Currency currency, BudgetTotal total) => session.Append(
        BudgetTable, subjectId, span, currency.Code, total.Spent.FormatFixed(), total.Held.FormatFixed());

    /// <summary>Forgets days and months before those named, in which nothing is held.</summary>
    public static void DropOldSpans(Session session, string beforeDay, string beforeMonth) => session.Execute(
        """
        DELETE FROM budgets
        WHERE held = '0.000000000000' AND ((length(span) = 10 AND span < $1) OR (length(span) = 7 AND span < $2))
        """,
        beforeDay, beforeMonth);

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

    public static void Insert(Session session, Reservation reservation, HostLease lease) => session.Append(
        ReservationTable, reservation.RequestId, lease.Id, reservation.MaxTokens, reservation.Amount.Currency.Code, reservation.Amount.FormatFixed(),
        reservation.Tokens, reservation.ReservedAt.Microseconds(), BudgetSpan.Of(reservation.Day), reservation.Period.ToString(),
        string.Join(' ', reservation.Subjects));

    /// <summary>Whether there was one to delete.</summary>
    public static bool Delete(Session session, string requestId) =>
        session.Execute("DELETE FROM reservations WHERE request = $1", requestId) > 0;

    /// <summary>Deletes some that are there.</summary>
    public static void Delete(Session session, string[] requestIds) =>
        session.Execute("DELETE FROM reservations WHERE request = ANY($1)", (object)requestIds);

    public static IReadOnlyList<Reservation> ReservationsOf(Session session, string leaseId)
    {
        var reservations = new List<Reservation>();
        using var row = session.Query(
            "SELECT request, max_tokens, currency, amount, tokens, reserved, day, period, subjects FROM reservations WHERE lease = $1", leaseId);
        while (row.Read())
        {
            reservations.Add(new(
                row.GetString(0), (int)row.GetInt64(1), row.GetAmount(3, row.GetCurrency(2)), row.GetInt64(4), row.GetInstant(5),
                DateOnly.ParseExact(row.GetString(6), "yyyy-MM-dd", CultureInfo.InvariantCulture), row.GetPeriod(7),
                [.. row.GetString(8).Split(' ')]));
        }
        return reservations;
    }

    public static long CountReservations(Session session) => (long)session.Scalar("SELECT count(*) FROM reservations")!;

    /// <summary>Begins a lease, or prolongs it.</summary>
    public static void KeepLease(Session session, HostLease lease, DateTimeOffset until) => session.Execute(
        """
        INSERT INTO leases (id, host, until) VALUES ($1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET until = excluded.until
        """,
        lease.Id, lease.Name, until.Microseconds());

    public static bool IsInForce(Session session, string leaseId, DateTimeOffset now) =>
        session.Scalar("SELECT 1 FROM leases WHERE id = $1 AND until >= $2", leaseId, now.Microseconds()) is not null;

    public static void EndLease(Session session, string leaseId) => session.Execute("DELETE FROM leases WHERE id = $1", leaseId);

    public static IReadOnlyList<string> LeasesOf(Session session, string host) =>
        Texts(session.Query("SELECT id FROM leases WHERE host = $1", host));

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
