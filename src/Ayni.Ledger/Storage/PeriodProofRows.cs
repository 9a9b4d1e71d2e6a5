using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of what closed periods commit to.</summary>
internal static class PeriodProofRows
{
    private const string RecordColumns =
        """
        SELECT r.period, r.canonical, r.signature, k.certificate
        FROM period_records r LEFT JOIN signing_keys k ON k.id = r.signing_key
        """;

    /// <summary>
    /// Gives every customer that has none a secret, and every receipt of a period whose customer was erased a commitment.
    /// </summary>
    public static void PrepareSalts(Session session, Period period, Func<byte[]> newSecret)
    {
        var customers = new List<string>();
        using (var row = session.Query("SELECT id FROM customers WHERE id NOT IN (SELECT customer FROM customer_secrets)"))
        {
            while (row.Read())
                customers.Add(row.GetString(0));
        }
        foreach (var customer in customers)
            session.Execute("INSERT INTO customer_secrets (customer, secret) VALUES ($1, $2)", customer, newSecret());
        var late = new List<(string Id, byte[] Canonical)>();
        foreach (var customer in session.Query("SELECT customer FROM customer_secrets WHERE secret IS NULL").ReadAll(row => row.GetString(0)))
        {
            ReceiptBlocks.ForEach(
                session, KeyColumn.Customer, customer, EntryRange.Of(session, period), new(period),
                (_, canonical) => late.Add((ReceiptFormat.Decode(canonical).Id, canonical)));
        }
        late.RemoveAll(item => Erased(session, item.Id) is not null);
        foreach (var adjustment in AdjustmentRows.Of(session, period))
        {
            var id = AdjustmentItem.IdOf(adjustment);
            if (Secret(session, adjustment.CustomerId) is null && Erased(session, id) is null)
                late.Add((id, AdjustmentItem.Encode(adjustment)));
        }
        foreach (var (id, canonical) in late)
            InsertErased(session, id, SumLeaf.Commit(SumLeaf.Salt(newSecret(), id), canonical));
    }

    public static void InsertErased(Session session, string receiptId, Digest commitment) => session.Execute(
        "INSERT INTO erased_commitments (receipt, commitment) VALUES ($1, $2)", receiptId, commitment.ToBytes());

    /// <summary>A customer's secret; null if it was erased or has none yet.</summary>
    public static byte[]? Secret(Session session, string customerId) =>
        session.Scalar("SELECT secret FROM customer_secrets WHERE customer = $1", customerId) as byte[];

    /// <summary>Every customer's secret that was not erased.</summary>
    public static Dictionary<string, byte[]> Secrets(Session session)
    {
        var secrets = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        using var row = session.Query("SELECT customer, secret FROM customer_secrets WHERE secret IS NOT NULL");
        while (row.Read())
            secrets.Add(row.GetString(0), row.GetFieldValue<byte[]>(1));
        return secrets;
    }

    /// <summary>The receipts and adjustments of a customer, with their ids and canonical bytes.</summary>
    public static IReadOnlyList<(string Id, byte[] Canonical)> ItemsOf(Session session, string customerId)
    {
        var items = new List<(string, byte[])>();
        ReceiptBlocks.ForEach(
            session, KeyColumn.Customer, customerId, EntryRange.All(session), new(),
            (_, canonical) => items.Add((ReceiptFormat.Decode(canonical).Id, canonical)));
        var periods = new List<Period>();
        using (var row = session.Query("SELECT DISTINCT period FROM adjustments WHERE customer = $1", customerId))
        {
            while (row.Read())
                periods.Add(row.GetPeriod(0));
        }
        items.AddRange(periods.SelectMany(period => AdjustmentRows.Of(session, period)).Where(adjustment => adjustment.CustomerId == customerId)
            .Select(adjustment => (AdjustmentItem.IdOf(adjustment), AdjustmentItem.Encode(adjustment))));
        return items;
    }

    /// <summary>Destroys a customer's secret.</summary>
    public static void Erase(Session session, string customerId)
    {
        if (session.Execute("UPDATE customer_secrets SET secret = NULL WHERE customer = $1", customerId) == 0)
            session.Execute("INSERT INTO customer_secrets (customer, secret) VALUES ($1, NULL)", customerId);
    }

    /// <summary>The commitment kept of a receipt whose customer was erased.</summary>
    public static Digest? Erased(Session session, string receiptId) =>
        session.Scalar("SELECT commitment FROM erased_commitments WHERE receipt = $1", receiptId) is byte[] bytes
            ? Digest.FromBytes(bytes)
            : null;

    /// <summary>The commitments kept of a period's receipts whose customers were erased.</summary>
    public static Dictionary<string, Digest> ErasedIn(Session session, Period period)
    {
        var commitments = new Dictionary<string, Digest>(StringComparer.Ordinal);
        using var row = session.Query(
            "SELECT c.receipt, c.commitment FROM erased_commitments c JOIN entries e ON e.reference = c.receipt WHERE e.period = $1",
            period.ToString());
        while (row.Read())
            commitments[row.GetString(0)] = Digest.FromBytes(row.GetFieldValue<byte[]>(1));
        return commitments;
    }

    /// <summary>
    /// Calls back with the receipts of a period in the order of their ids: all, or those from one id up to another.
    /// </summary>
    public static void ForEachReceipt(Session session, Period period, string? from, string? below, Action<byte[]> each)
    {
        // Asking for the period through an expression makes SQLite walk the index by reference, which has the order and the period, too.
        using var row = session.Query(
            """
            SELECT r.canonical FROM entries e JOIN receipts r ON r.entry = e.number
            WHERE e.kind = 'charge' AND e.period || '' = $1 AND e.reference >= $2 AND e.reference < $3 ORDER BY e.reference
            """,
            period.ToString(), from ?? "", below ?? "~");
        while (row.Read())
            each(row.GetFieldValue<byte[]>(0));
    }

    /// <summary>The receipts of a series between two closes that count in other months, in order of their numbers.</summary>
    public static IReadOnlyList<byte[]> Between(Session session, Period period, KeyTail tail)
    {
        var receipts = new List<byte[]>();
        ReceiptBlocks.ForEach(
            session, KeyColumn.Id, tail.KeyId, EntryRange.All(session),
            new(NotPostedIn: period, MeterId: tail.MeterId, After: tail.BeforeNumber, UpTo: tail.Number), (_, canonical) => receipts.Add(canonical));
        return receipts;
    }

    /// <summary>Where a series ended at the last close before a period that had receipts of it.</summary>
    public static KeyHead TailBefore(Session session, string keyId, string meterId, Period period)
    {
        using var row = session.Query(
            "SELECT number, hash FROM key_tails WHERE key = $1 AND meter = $2 AND period < $3 ORDER BY period DESC LIMIT 1",
            keyId, meterId, period.ToString());
        return row.Read() ? new(row.GetInt64(0), Digest.FromBytes(row.GetFieldValue<byte[]>(1))) : default;
    }

    /// <summary>Where series ended at a period's close, in ordinal order of key and meter.</summary>
    public static IReadOnlyList<KeyTail> Tails(Session session, Period period)
    {
        var ends = new List<(string KeyId, string MeterId, KeyHead Head)>();
        using (var row = session.Query("SELECT key, meter, number, hash FROM key_tails WHERE period = $1 ORDER BY key, meter", period.ToString()))
        {
            while (row.Read())
                ends.Add((row.GetString(0), row.GetString(1), new(row.GetInt64(2), Digest.FromBytes(row.GetFieldValue<byte[]>(3)))));
        }
        return ends.ConvertAll(end =>
        {
            var before = TailBefore(session, end.KeyId, end.MeterId, period);
            return new KeyTail(end.KeyId, end.MeterId, before.Number, before.Hash, end.Head.Number, end.Head.Hash);
        });
    }

    public static void Insert(Session session, Period period, KeyTail tail) => session.Execute(
        "INSERT INTO key_tails (key, meter, period, number, hash) VALUES ($1, $2, $3, $4, $5)",
        tail.KeyId, tail.MeterId, period.ToString(), tail.Number, tail.Hash.ToBytes());

    public static void Insert(Session session, Period period, Currency currency, SumTreeKind kind, int number, SumChunk chunk)
    {
        var node = new byte[SumNode.Size];
        chunk.Node.WriteTo(node);
        session.Execute(
            "INSERT INTO period_chunks (period, currency, kind, chunk, first_id, node) VALUES ($1, $2, $3, $4, $5, $6)",
            period.ToString(), currency.Code, (long)kind, number, chunk.FirstId, node);
    }

    /// <summary>The chunks of a tree, in order.</summary>
    public static IReadOnlyList<SumChunk> Chunks(Session session, Period period, Currency currency, SumTreeKind kind)
    {
        var chunks = new List<SumChunk>();
        using var row = session.Query(
            "SELECT first_id, node FROM period_chunks WHERE period = $1 AND currency = $2 AND kind = $3 ORDER BY chunk",
            period.ToString(), currency.Code, (long)kind);
        while (row.Read())
            chunks.Add(new(row.GetString(0), SumNode.Read(row.GetFieldValue<byte[]>(1))));
        return chunks;
    }

    public static void Insert(Session session, Period period, byte[] canonical, string? keyId, byte[]? signature) => session.Execute(
        "INSERT INTO period_records (period, canonical, signing_key, signature) VALUES ($1, $2, $3, $4)",
        period.ToString(), canonical, keyId, signature);

    /// <summary>A period's record; null if it has none yet.</summary>
    public static PeriodRecordRow? Record(Session session, Period period) =>
        First(session.Query($"{RecordColumns} WHERE r.period = $1", period.ToString()));

    /// <summary>The last record before a period's.</summary>
    public static PeriodRecordRow? RecordBefore(Session session, Period period) =>
        First(session.Query($"{RecordColumns} WHERE r.period < $1 ORDER BY r.period DESC LIMIT 1", period.ToString()));

    /// <summary>The month a receipt is posted in.</summary>
    public static Period PeriodOf(Session session, long entry) =>
        Period.Parse((string)session.Scalar("SELECT period FROM entries WHERE number = $1", entry)!);

    private static PeriodRecordRow? First(DbDataReader row)
    {
        using (row)
        {
            return row.Read()
                ? new(
                    row.GetPeriod(0), row.GetFieldValue<byte[]>(1), row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2),
                    row.IsDBNull(3) ? null : row.GetFieldValue<byte[]>(3))
                : null;
        }
    }
}

/// <summary>A stored record of a closed period; without signature where the ledger had no key.</summary>
internal sealed record PeriodRecordRow(Period Period, byte[] Canonical, byte[]? Signature, byte[]? Certificate);
