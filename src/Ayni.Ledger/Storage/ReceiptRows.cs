namespace Ayni.Ledger;

/// <summary>The SQL of receipts.</summary>
internal static class ReceiptRows
{
    private static readonly Table Receipts = new(
        "receipts", "entry bigint", "request text", "key text", "meter text", "number bigint", "customer text", "canonical bytea");

    public static void Insert(Session session, long entry, Receipt receipt, byte[] canonical) =>
        session.Append(
            Receipts, entry, receipt.RequestId, receipt.KeyId, receipt.MeterId ?? "", receipt.KeyNumber, receipt.CustomerId, canonical);

    /// <summary>Where a key's chain ends; number 0 and the zero hash before its first receipt.</summary>
    public static KeyHead Head(Session session, string keyId, string? meterId)
    {
        using var row = session.Query(
            "SELECT number, canonical FROM receipts WHERE key = $1 AND meter = $2 ORDER BY number DESC LIMIT 1", keyId, meterId ?? "");
        return row.Read() ? new(row.GetInt64(0), Digest.Of(row.GetFieldValue<byte[]>(1))) : default;
    }

    public static Receipt? FindByRequest(Session session, string requestId) =>
        Decoded(session.Scalar("SELECT canonical FROM receipts WHERE request = $1", requestId));

    public static Receipt? FindById(Session session, string receiptId) =>
        Decoded(session.Scalar(
            "SELECT r.canonical FROM entries e JOIN receipts r ON r.entry = e.number WHERE e.reference = $1 AND e.kind = 'charge'",
            receiptId));

    /// <summary>Calls back with a customer's receipts of a month, those of them posted up to a period, in posting order.</summary>
    public static void ForEachOfMonth(Session session, string customerId, Period month, Period upTo, Action<Receipt> each)
    {
        using var row = session.Query(
            """
            SELECT r.canonical FROM receipts r JOIN entries e ON e.number = r.entry
            WHERE r.customer = $1 AND e.service_period = $2 AND e.period <= $3 ORDER BY r.entry
            """,
            customerId, month.ToString(), upTo.ToString());
        while (row.Read())
            each(ReceiptFormat.Decode(row.GetFieldValue<byte[]>(0)));
    }

    /// <summary>Calls back with a customer's receipts posted up to a period, in posting order.</summary>
    public static void ForEachOfCustomer(Session session, string customerId, Period upTo, Action<Receipt> each)
    {
        using var row = session.Query(
            """
            SELECT r.canonical FROM receipts r JOIN entries e ON e.number = r.entry
            WHERE r.customer = $1 AND e.period <= $2 ORDER BY r.entry
            """,
            customerId, upTo.ToString());
        while (row.Read())
            each(ReceiptFormat.Decode(row.GetFieldValue<byte[]>(0)));
    }

    public static ReceiptPage List(Session session, ReceiptQuery query)
    {
        // A key's receipts are in the order of their numbers too, and the index on those finds them.
        var order = query.KeyId is null ? "r.entry" : "r.number";
        var conditions = new List<string> { $"{order} > $1" };
        var values = new List<object?> { query.After, query.Limit + 1 };
        Demand("e.period", query.Period?.ToString());
        Demand("r.key", query.KeyId);
        Demand("r.meter", query.KeyId is null ? null : query.MeterId ?? "");
        Demand("r.customer", query.CustomerId);
        var sql =
            $"""
            SELECT {order}, r.canonical FROM receipts r JOIN entries e ON e.number = r.entry
            WHERE {string.Join(" AND ", conditions)} ORDER BY {order} LIMIT $2
            """;
        var receipts = new List<Receipt>();
        long last = 0;
        using var row = session.Query(sql, [.. values]);
        while (receipts.Count < query.Limit && row.Read())
        {
            last = row.GetInt64(0);
            receipts.Add(ReceiptFormat.Decode(row.GetFieldValue<byte[]>(1)));
        }
        return new(receipts, receipts.Count == query.Limit && row.Read() ? last : null);

        void Demand(string column, string? value)
        {
            if (value is null)
                return;
            values.Add(value);
            conditions.Add($"{column} = ${values.Count}");
        }
    }

    private static Receipt? Decoded(object? canonical) => canonical is byte[] bytes ? ReceiptFormat.Decode(bytes) : null;
}
