namespace Ayni.Ledger;

/// <summary>The SQL of periods and of what a close reads.</summary>
internal static class PeriodRows
{
    /// <summary>The last period that is closing or closed. All before it are closed.</summary>
    public static PeriodMark? Last(Session session)
    {
        using var row = session.Query("SELECT period, status FROM periods ORDER BY period DESC LIMIT 1");
        return row.Read() ? new(row.GetPeriod(0), row.GetString(1) == "closed" ? PeriodStatus.Closed : PeriodStatus.Closing) : null;
    }

    public static PeriodStatus StatusOf(this PeriodMark? last, Period period) =>
        last is not { } mark || period > mark.Period ? PeriodStatus.Open : period == mark.Period ? mark.Status : PeriodStatus.Closed;

    public static void Mark(Session session, Period period, PeriodStatus status, DateTimeOffset now)
    {
        if (status == PeriodStatus.Closing)
            session.Execute(
                "INSERT INTO periods (period, status, closing_since) VALUES ($1, 'closing', $2)", period.ToString(), now.Microseconds());
        else
            session.Execute("UPDATE periods SET status = 'closed', closed = $2 WHERE period = $1", period.ToString(), now.Microseconds());
    }

    /// <summary>When a period was closed: in its own row, or with the next that has one. Null while it is not.</summary>
    public static DateTimeOffset? ClosedAt(Session session, Period period) =>
        session.Scalar("SELECT closed FROM periods WHERE period >= $1 ORDER BY period LIMIT 1", period.ToString()) is long closed
            ? Instants.FromMicroseconds(closed)
            : null;

    /// <summary>The first period before another that has an entry or a subscription's fee; null before there is any.</summary>
    public static Period? FirstBefore(Session session, Period period) => FirstBetween(session, null, period);

    /// <summary>The first period before another that has entries or subscriptions and is not closed.</summary>
    public static Period? FirstOpenBefore(Session session, Period period)
    {
        return FirstBetween(session, Last(session) is { Status: PeriodStatus.Closed } last ? last.Period : null, period);
    }

    private static Period? FirstBetween(Session session, Period? after, Period period)
    {
        var first = session.Scalar(
            "SELECT min(period) FROM entries WHERE period > $1 AND period < $2", after?.ToString() ?? "", period.ToString()) is string text
            ? Period.Parse(text)
            : (Period?)null;
        if (SubscriptionRows.FirstMonthBetween(session, after, period) is { } month && (first is not { } other || month < other))
            first = month;
        return first;
    }

    /// <summary>The periods that were closed, in their order.</summary>
    public static IReadOnlyList<Period> Closed(Session session)
    {
        var periods = new List<Period>();
        using var row = session.Query("SELECT period FROM periods WHERE status = 'closed' ORDER BY period");
        while (row.Read())
            periods.Add(row.GetPeriod(0));
        return periods;
    }

    /// <summary>Calls back with each receipt posted in a period, in posting order.</summary>
    public static void ForEachReceipt(Session session, Period period, Action<Receipt> each) => ForEachReceipt(session, period, 0, each);

    /// <summary>The same of those after an entry.</summary>
    public static void ForEachReceipt(Session session, Period period, long after, Action<Receipt> each)
    {
        using var row = session.Query(
            "SELECT r.canonical FROM entries e JOIN receipts r ON r.entry = e.number WHERE e.period = $1 AND e.number > $2 ORDER BY e.number",
            period.ToString(), after);
        while (row.Read())
            each(ReceiptFormat.Decode(row.GetFieldValue<byte[]>(0)));
    }

    /// <summary>What each party's carry had come to before a period, by party and currency; positive is owed to the party.</summary>
    public static Dictionary<(string PartyId, Currency Currency), Amount> CarriesBefore(Session session, Period period)
    {
        var carries = new Dictionary<(string, Currency), Amount>();
        using var row = session.Query(
            """
            SELECT a.name, a.currency, p.amount
            FROM entries e JOIN postings p ON p.entry = e.number JOIN accounts a ON a.id = p.account
            WHERE e.kind <> 'charge' AND e.period < $1
            """,
            period.ToString());
        while (row.Read())
        {
            if (new Account(row.GetString(0)).CarryPartyId is not { } partyId)
                continue;
            var currency = row.GetCurrency(1);
            var carry = carries.GetValueOrDefault((partyId, currency), Amount.Zero(currency));
            carries[(partyId, currency)] = carry - row.GetAmount(2, currency);
        }
        return carries;
    }
}
