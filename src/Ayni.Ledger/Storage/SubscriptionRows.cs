using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of subscriptions.</summary>
internal static class SubscriptionRows
{
    private const string Columns = "SELECT id, customer, plan, first_month, last_month, created FROM subscriptions";

    private static readonly PagedQuery Every = new(Columns, "rowid", "SELECT rowid FROM subscriptions WHERE id = $1");

    public static void Insert(Session session, Subscription subscription) => session.Execute(
        "INSERT INTO subscriptions (id, customer, plan, first_month, last_month, created) VALUES ($1, $2, $3, $4, $5, $6)",
        subscription.Id, subscription.CustomerId, subscription.PlanName, subscription.First.ToString(), subscription.Last?.ToString(),
        subscription.Created.Microseconds());

    public static void SetLast(Session session, string id, Period last) =>
        session.Execute("UPDATE subscriptions SET last_month = $2 WHERE id = $1", id, last.ToString());

    public static Subscription? Find(Session session, string id) => session.Query($"{Columns} WHERE id = $1", id).ReadFirst(Read);

    /// <summary>Every one, oldest first.</summary>
    public static IReadOnlyList<Subscription> All(Session session, string after, int limit) => Every.Query(session, after, limit).ReadAll(Read);

    /// <summary>A customer's, oldest first.</summary>
    public static IReadOnlyList<Subscription> OfCustomer(Session session, string customerId) =>
        session.Query($"{Columns} WHERE customer = $1 ORDER BY created, id", customerId).ReadAll(Read);

    /// <summary>Those that cover a month.</summary>
    public static IReadOnlyList<Subscription> InForce(Session session, Period month) => session.Query(
        $"{Columns} WHERE first_month <= $1 AND (last_month IS NULL OR last_month >= $1) ORDER BY created, id", month.ToString()).ReadAll(Read);

    /// <summary>The first month with a subscription after one, if any, and before another.</summary>
    public static Period? FirstMonthBetween(Session session, Period? after, Period before)
    {
        var first = session.Scalar(
            "SELECT min(first_month) FROM subscriptions WHERE first_month < $2 AND (last_month IS NULL OR last_month > $1)",
            after?.ToString() ?? "", before.ToString()) is string text
            ? Period.Parse(text)
            : (Period?)null;
        if (first is { } month && after is { } closed && month <= closed)
            first = closed.Next;
        return first < before ? first : null;
    }

    private static Subscription Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetPeriod(3), row.IsDBNull(4) ? null : row.GetPeriod(4), row.GetInstant(5));
}
