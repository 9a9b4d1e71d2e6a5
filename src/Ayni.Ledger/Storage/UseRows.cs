namespace Ayni.Ledger;

/// <summary>The SQL of what customers have used in a month.</summary>
internal static class UseRows
{
    /// <summary>What a customer has used in a month; nothing before its first request.</summary>
    public static MonthUse Find(Session session, string customerId, string scope, Period period)
    {
        using var row = session.Query(
            "SELECT requests, input, cached, output FROM month_use WHERE customer = $1 AND scope = $2 AND period = $3",
            customerId, scope, period.ToString());
        return row.Read() ? new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)) : default;
    }

    public static void Save(Session session, string customerId, string scope, Period period, MonthUse use) => session.Execute(
        """
        INSERT INTO month_use (customer, scope, period, requests, input, cached, output) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (customer, scope, period)
        DO UPDATE SET requests = excluded.requests, input = excluded.input, cached = excluded.cached, output = excluded.output
        """,
        customerId, scope, period.ToString(), use.Requests, use.Input, use.Cached, use.Output);

    /// <summary>Every month's use.</summary>
    public static Dictionary<(string CustomerId, string Scope, Period Period), MonthUse> All(Session session)
    {
        var uses = new Dictionary<(string, string, Period), MonthUse>();
        using var row = session.Query("SELECT customer, scope, period, requests, input, cached, output FROM month_use");
        while (row.Read())
        {
            uses[(row.GetString(0), row.GetString(1), row.GetPeriod(2))] =
                new(row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
        }
        return uses;
    }
}
