namespace Ayni.Ledger;

/// <summary>The SQL of receipts.</summary>
internal static class ReceiptRows
{
    private static readonly Table Receipts = new(
        "receipts", "entry bigint", "request text", "key text", "meter text", "number bigint", "customer text", "canonical bytea");

    private static readonly Table SeriesTable = new(
        "series", ["key", "meter"], ["key text", "meter text", "number bigint", "entry bigint"]);

    public static void Insert(Session session, long entry, Receipt receipt, byte[] canonical) =>
        session.Append(
            Receipts, entry, receipt.RequestId, receipt.KeyId, receipt.MeterId ?? "", receipt.KeyNumber, receipt.CustomerId, canonical);

    /// <summary>Where a key's chain ends; number 0 and the zero hash before its first receipt.</summary>
    public static KeyHead Head(Session session, string keyId, string? meterId)
    {
        using var row = session.Query(
            "SELECT s.number, r.canonical, s.entry FROM series s JOIN receipts r ON r.entry = s.entry WHERE s.key = $1 AND s.meter = $2",
            keyId, meterId ?? "");
        return row.Read() ? new(row.GetInt64(0), Digest.Of(row.GetFieldValue<byte[]>(1)), row.GetInt64(2)) : default;
    }

    public static void SaveHead(Session session, string keyId, string? meterId, KeyHead head) =>
        session.Append(SeriesTable, keyId, meterId ?? "", head.Number, head.Entry);

    /// <summary>Where every series ends.</summary>
    public static Dictionary<(string KeyId, string? MeterId), (long Number, long Entry)> Series(Session session)
    {
        var series = new Dictionary<(string, string?), (long, long)>();
        using var row = session.Query("SELECT key, meter, number, entry FROM series");
        while (row.Read())
            series.Add((row.GetString(0), row.GetString(1) is { Length: > 0 } meter ? meter : null), (row.GetInt64(2), row.GetInt64(3)));
        return series;
    }

    public static Receipt? FindByRequest(Session session, string requestId) =>
        Decoded(session.Scalar("SELECT canonical FROM receipts WHERE request = $1", requestId));

    public static Receipt? FindById(Session session, string receiptId) =>
        Decoded(session.Scalar(
            "SELECT r.canonical FROM entries e JOIN receipts r ON r.entry = e.number WHERE e.reference = $1 AND e.kind = 'charge'",
            receiptId));

    /// <summary>Calls back with a customer's receipts of a month, those of them posted up to a period, in posting order.</summary>
    public static void ForEachOfMonth(Session session, string customerId, Period month, Period upTo, Action<Receipt> each) => ReceiptBlocks.ForEach(
        session, KeyColumn.Customer, customerId, EntryRange.All(session), new(PostedUpTo: upTo, Month: month),
        (_, canonical) => each(ReceiptFormat.Decode(canonical)));

    /// <summary>Calls back with a customer's receipts posted up to a period, in posting order.</summary>
    public static void ForEachOfCustomer(Session session, string customerId, Period upTo, Action<Receipt> each) => ReceiptBlocks.ForEach(
        session, KeyColumn.Customer, customerId, EntryRange.All(session), new(PostedUpTo: upTo),
        (_, canonical) => each(ReceiptFormat.Decode(canonical)));

    public static ReceiptPage List(Session session, ReceiptQuery query)
    {
        var entries = query.Period is { } period ? EntryRange.Of(session, period) : EntryRange.All(session);
        var found = new List<(long Entry, Receipt Receipt)>();
        var limit = query.Limit + 1;
        if (query.KeyId is { } keyId)
        {
            var filter = new ReceiptFilter(query.Period, MeterId: query.MeterId ?? "", After: query.After, Limit: limit);
            if (query.CustomerId is null || RegistryRows.Key(session, keyId)?.CustomerId == query.CustomerId)
                ReceiptBlocks.ForEach(session, KeyColumn.Id, keyId, entries, filter, Add);
        }
        else if (query.CustomerId is { } customerId)
            ReceiptBlocks.ForEach(session, KeyColumn.Customer, customerId, entries.After(query.After), new(query.Period, Limit: limit), Add);
        else
        {
            entries = entries.After(query.After);
            using var row = session.Query(
                """
                SELECT r.entry, r.canonical FROM receipts r JOIN entries e ON e.number = r.entry
                WHERE r.entry BETWEEN $1 AND $2 AND ($3 = '' OR e.period = $3) ORDER BY r.entry LIMIT $4
                """,
                entries.First, entries.Last, query.Period?.ToString() ?? "", limit);
            while (row.Read())
                Add(row.GetInt64(0), row.GetFieldValue<byte[]>(1));
        }
        // A key's receipts go on after a number of its series, others after an entry.
        var page = found.Count == limit ? found[..^1] : found;
        return new(
            page.ConvertAll(item => item.Receipt),
            page.Count == found.Count ? null : query.KeyId is null ? page[^1].Entry : page[^1].Receipt.KeyNumber);

        void Add(long entry, byte[] canonical) => found.Add((entry, ReceiptFormat.Decode(canonical)));
    }

    private static Receipt? Decoded(object? canonical) => canonical is byte[] bytes ? ReceiptFormat.Decode(bytes) : null;
}
