namespace Ayni.Ledger;

/// <summary>By what the keys are found whose receipts are read.</summary>
internal enum KeyColumn
{
    Id,
    Customer,
    App,
}

/// <summary>Which receipts of some keys are read; every condition given must hold.</summary>
/// <param name="PostedIn">Posted in this period.</param>
/// <param name="PostedUpTo">Posted in this period or before.</param>
/// <param name="NotPostedIn">Posted in another than this period.</param>
/// <param name="Month">Of this month, by when they were let in.</param>
/// <param name="MeterId">Reported by this meter, or with <c>""</c> counted by the engine of a host.</param>
/// <param name="After">With a number in the series beyond this.</param>
/// <param name="UpTo">With a number in the series up to this.</param>
/// <param name="Limit">At most so many.</param>
internal sealed record ReceiptFilter(
    Period? PostedIn = null, Period? PostedUpTo = null, Period? NotPostedIn = null, Period? Month = null, string? MeterId = null,
    long After = 0, long UpTo = long.MaxValue, int Limit = int.MaxValue);

/// <summary>
/// The receipts of some keys among some entries. Their index begins anew with each block of entries, so that whatever is posted at a time
/// goes to few of its pages, however many keys there are; whoever looks for a key's receipts looks into each block, some at once.
/// </summary>
internal static class ReceiptBlocks
{
    /// <summary>The bits of an entry's number within its block, as in the index.</summary>
    private const int Bits = 14;

    /// <summary>Blocks read by one query: what they hold of a customer is sorted in memory.</summary>
    private const long MostAtOnce = 16;

    private const string AnyMeter = "*", LastText = "~";

    /// <summary>Calls back with entry, posting order and canonical bytes.</summary>
    public static void ForEach(
        Session session, KeyColumn column, string value, EntryRange entries, ReceiptFilter filter, Action<long, byte[]> each)
    {
        var sql =
            $"""
            WITH RECURSIVE blocks (block) AS (SELECT $1 UNION ALL SELECT block + 1 FROM blocks WHERE block < $2)
            SELECT r.entry, r.canonical
            FROM blocks CROSS JOIN keys k CROSS JOIN receipts r CROSS JOIN entries e
            WHERE k.{NameOf(column)} = $3 AND r.entry >> {Bits} = block AND r.key = k.id AND r.entry BETWEEN $4 AND $5 AND e.number = r.entry
              AND e.period BETWEEN $6 AND $7 AND e.period <> $8 AND ($9 = '' OR e.service_period = $9)
              AND ($10 = '{AnyMeter}' OR r.meter = $10) AND r.number > $11 AND r.number <= $12
            ORDER BY r.entry LIMIT $13
            """;
        var (left, last) = (filter.Limit, entries.Last >> Bits);
        for (var (block, count) = (entries.First >> Bits, 1L); block <= last && left > 0; block += count, count = Math.Min(2 * count, MostAtOnce))
        {
            using var row = session.Query(
                sql, block, Math.Min(block + count - 1, last), value, entries.First, entries.Last, filter.PostedIn?.ToString() ?? "",
                (filter.PostedIn ?? filter.PostedUpTo)?.ToString() ?? LastText, filter.NotPostedIn?.ToString() ?? "", filter.Month?.ToString() ?? "",
                filter.MeterId ?? AnyMeter, filter.After, filter.UpTo, left);
            for (; row.Read(); left--)
                each(row.GetInt64(0), row.GetFieldValue<byte[]>(1));
        }
    }

    private static string NameOf(KeyColumn column) => column switch
    {
        KeyColumn.Id => "id",
        KeyColumn.Customer => "customer",
        KeyColumn.App => "app",
        _ => throw new ArgumentOutOfRangeException(nameof(column)),
    };
}

/// <summary>The numbers of some entries that follow each other; none if the last is before the first.</summary>
internal readonly record struct EntryRange(long First, long Last)
{
    public static EntryRange All(Session session) => new(1, JournalRows.LastEntry(session));

    /// <summary>From the first entry of a period to its last; others may lie between.</summary>
    public static EntryRange Of(Session session, Period period) => new(
        session.Scalar("SELECT number FROM entries WHERE period = $1 ORDER BY period, number LIMIT 1", period.ToString()) as long? ?? 1,
        session.Scalar("SELECT number FROM entries WHERE period = $1 ORDER BY period DESC, number DESC LIMIT 1", period.ToString()) as long? ?? 0);

    /// <summary>Those of them beyond an entry.</summary>
    public EntryRange After(long entry) => this with { First = Math.Max(First, entry + 1) };
}
