namespace Ayni.Ledger;

/// <summary>The SQL of receipts that are not signed yet.</summary>
internal static class UnsignedRows
{
    public static void Insert(Session session, long firstEntry, long lastEntry, DateTimeOffset posted) => session.Execute(
        "INSERT INTO unsigned_receipts (first_entry, last_entry, posted) VALUES ($1, $2, $3)", firstEntry, lastEntry, posted.Microseconds());

    /// <summary>The first receipts without a batch that may go into one, at most about so many entries; null if all have one.</summary>
    public static UnsignedRun? FirstRun(Session session, int mostEntries)
    {
        UnsignedRun? run = null;
        using (var row = session.Query(
            "SELECT first_entry, last_entry, posted, number FROM unsigned_receipts WHERE first_entry >= $1 ORDER BY first_entry LIMIT $2",
            session.Scalar("SELECT coalesce(min(first_entry), 0) FROM unsigned_receipts WHERE number IS NULL"), (long)mostEntries))
        {
            while (row.Read())
            {
                var (first, last) = (row.GetInt64(0), row.GetInt64(1));
                if (!row.IsDBNull(3) || (run is { } before && last - before.FirstEntry >= mostEntries))
                    break;
                run = run is null ? new(first, last, row.GetInstant(2), 1) : run with { LastEntry = last, Rows = run.Rows + 1 };
            }
        }
        // No batch of another host may lie within.
        return run is { Rows: > 1 } && session.Scalar(
            "SELECT min(first_entry) FROM batches WHERE last_entry > $1 AND last_entry < $2", run.FirstEntry, run.LastEntry) is long other
            ? UpTo(session, run, other)
            : run;
    }

    /// <summary>Whether all rows of a run are there without a batch.</summary>
    public static bool Holds(Session session, UnsignedRun run) => (long)session.Scalar(
        "SELECT count(*) FROM unsigned_receipts WHERE first_entry BETWEEN $1 AND $2 AND number IS NULL", run.FirstEntry, run.LastEntry)! == run.Rows;

    /// <summary>Gives the receipts of a run their batch.</summary>
    public static void Seal(Session session, UnsignedRun run, Batch batch)
    {
        session.Execute("DELETE FROM unsigned_receipts WHERE first_entry BETWEEN $1 AND $2", run.FirstEntry, run.LastEntry);
        session.Execute(
            "INSERT INTO unsigned_receipts (first_entry, last_entry, posted, number, canonical) VALUES ($1, $2, $3, $4, $5)",
            run.FirstEntry, run.LastEntry, run.Posted.Microseconds(), batch.Number, batch.Encode());
    }

    /// <summary>The first batch that is not signed; null if all are.</summary>
    public static UnsignedBatch? FirstBatch(Session session) => session.Query(
        """
        SELECT number, first_entry, last_entry, canonical FROM unsigned_receipts WHERE number IS NOT NULL
        ORDER BY number LIMIT 1
        """).ReadFirst(row => new UnsignedBatch(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetFieldValue<byte[]>(3)));

    /// <summary>Forgets a batch, which is signed. False if it was before.</summary>
    public static bool Delete(Session session, UnsignedBatch batch) =>
        session.Execute("DELETE FROM unsigned_receipts WHERE number = $1", batch.Number) > 0;

    /// <summary>When the oldest receipt that is not signed was posted; null if all are.</summary>
    public static DateTimeOffset? Oldest(Session session) =>
        session.Scalar("SELECT min(posted) FROM unsigned_receipts") is long posted ? Instants.FromMicroseconds(posted) : null;

    /// <summary>The part of a run before an entry.</summary>
    private static UnsignedRun UpTo(Session session, UnsignedRun run, long entry)
    {
        using var row = session.Query(
            "SELECT max(last_entry), count(*) FROM unsigned_receipts WHERE first_entry >= $1 AND first_entry < $2", run.FirstEntry, entry);
        row.Read();
        return run with { LastEntry = row.GetInt64(0), Rows = row.GetInt64(1) };
    }
}

/// <summary>Receipts that follow each other, none of them signed or in a batch.</summary>
/// <param name="FirstEntry">The first one's entry.</param>
/// <param name="LastEntry">The last one's entry.</param>
/// <param name="Posted">When the first was posted.</param>
/// <param name="Rows">In how many rows.</param>
internal sealed record UnsignedRun(long FirstEntry, long LastEntry, DateTimeOffset Posted, long Rows);

/// <summary>A batch that is not signed.</summary>
internal sealed record UnsignedBatch(long Number, long FirstEntry, long LastEntry, byte[] Canonical);
