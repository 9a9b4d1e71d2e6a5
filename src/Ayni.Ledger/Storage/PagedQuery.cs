using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>
/// A list that grows without bound, of which the database cuts pages: the rows of a query after a row. What is added while somebody reads
/// page after page comes behind what was there, or, where the order is one of names, into its place; nothing is read twice or passed over.
/// </summary>
/// <param name="select">The query without its conditions.</param>
/// <param name="order">The columns that order the rows, all of them together unique.</param>
/// <param name="place">
/// Finds these columns' values of the row by whose id (<c>$1, $2, …</c>) a page is asked for; null where they are that id.
/// </param>
/// <param name="isNewestFirst">Whether the order is the other way round.</param>
internal sealed class PagedQuery(string select, string order, string? place = null, bool isNewestFirst = false)
{
    /// <summary>All of it, or what some conditions leave.</summary>
    public DbDataReader Query(Session session, params ReadOnlySpan<(string Condition, object? Value)> only) =>
        Query(session, [], int.MaxValue, only);

    /// <summary>At most so many rows after the one of an id; from the beginning where that is empty.</summary>
    public DbDataReader Query(Session session, string after, int limit, params ReadOnlySpan<(string Condition, object? Value)> only) =>
        Query(session, after.Length == 0 ? [] : [after], limit, only);

    /// <summary>At most so many rows after the one of a number; from the beginning where that is 0.</summary>
    public DbDataReader Query(Session session, long after, int limit, params ReadOnlySpan<(string Condition, object? Value)> only) =>
        Query(session, after == 0 ? [] : [after], limit, only);

    /// <summary>
    /// At most so many rows after the one of an id of several parts; from the beginning where there are none. Throws
    /// <see cref="LedgerRefusedException"/> if there is no such row.
    /// </summary>
    /// <param name="session">Where to read.</param>
    /// <param name="after">The id.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="only">Conditions, in which ? stands for the value; without a value they hold for all.</param>
    public DbDataReader Query(Session session, object[] after, int limit, params ReadOnlySpan<(string Condition, object? Value)> only)
    {
        var (conditions, values) = (new List<string>(), new List<object?>());
        if (after.Length > 0)
        {
            var columns = place is null ? after : Find(session, place, after);
            conditions.Add($"({order}) {(isNewestFirst ? '<' : '>')} ({string.Join(", ", columns.Select(Take))})");
        }
        foreach (var (condition, value) in only)
        {
            if (value is not null)
                conditions.Add(condition.Replace("?", Take(value), StringComparison.Ordinal));
        }
        var where = conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";
        var by = isNewestFirst ? $"{order.Replace(",", " DESC,", StringComparison.Ordinal)} DESC" : order;
        // The most is never given where there is none, so that the same statement reads a page and another one the whole.
        var most = limit == int.MaxValue ? "" : $" LIMIT {Take(limit)}";
        return session.Query($"{select}{where} ORDER BY {by}{most}", [.. values]);

        string Take(object value)
        {
            values.Add(value);
            return FormattableString.Invariant($"${values.Count}");
        }
    }

    /// <summary>The parts of an id that a slash divides; none where it is empty.</summary>
    public static object[] Parts(string id, int count)
    {
        object[] parts = id.Length == 0 ? [] : id.Split('/', count);
        return parts.Length == 0 || parts.Length == count ? parts : throw Unknown(id);
    }

    /// <summary>The refusal to go on after what is not there.</summary>
    public static LedgerRefusedException Unknown(string id) => new(
        Refusal.InvalidPage, $"The list has no '{id}' after which it could go on; give the \"next\" of a page.");

    private static object[] Find(Session session, string place, object[] after)
    {
        using var row = session.Query(place, after);
        if (!row.Read())
            throw Unknown(string.Join('/', after));
        return [.. Enumerable.Range(0, row.FieldCount).Select(row.GetValue)];
    }
}
