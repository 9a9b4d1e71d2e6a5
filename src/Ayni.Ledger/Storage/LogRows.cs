using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of the transparency log.</summary>
internal static class LogRows
{
    /// <summary>How many entries there are.</summary>
    public static long Count(Session session) => (long)session.Scalar("SELECT coalesce(max(position), -1) + 1 FROM log_entries")!;

    /// <summary>Appends an entry, unless there is one about the same.</summary>
    public static void Append(Session session, LogEntry entry)
    {
        var (kind, reference) = entry.Subject;
        if (Find(session, kind, reference) is not null)
            return;
        var lastBatch = entry is LogEntry.Batches batches ? batches.First + batches.Count - 1 : (long?)null;
        session.Execute(
            "INSERT INTO log_entries (position, kind, reference, last_batch, content) VALUES ($1, $2, $3, $4, $5)",
            Count(session), kind, reference, lastBatch, entry.Encode());
    }

    /// <summary>The entry about something; null if there is none.</summary>
    public static LogRow? Find(Session session, string kind, string reference) => First(session.Query(
        "SELECT position, content FROM log_entries WHERE kind = $1 AND reference = $2", kind, reference));

    /// <summary>The entry that holds a batch; null if none does yet.</summary>
    public static LogRow? FindBatch(Session session, long number) => First(session.Query(
        "SELECT position, content FROM log_entries WHERE last_batch >= $1 ORDER BY last_batch LIMIT 1", number));

    /// <summary>The last batch that an entry holds; 0 if none does.</summary>
    public static long LastBatch(Session session) => (long)session.Scalar("SELECT coalesce(max(last_batch), 0) FROM log_entries")!;

    /// <summary>The entries from one place up to another.</summary>
    public static IReadOnlyList<byte[]> Entries(Session session, long from, long to)
    {
        var entries = new List<byte[]>();
        using var row = session.Query(
            "SELECT content FROM log_entries WHERE position >= $1 AND position < $2 ORDER BY position", from, to);
        while (row.Read())
            entries.Add(row.GetFieldValue<byte[]>(0));
        return entries;
    }

    /// <summary>The periods whose records are in no entry, oldest first.</summary>
    public static IReadOnlyList<(Period Period, byte[] Canonical)> UnloggedPeriods(Session session)
    {
        var periods = new List<(Period, byte[])>();
        using var row = session.Query(
            """
            SELECT period, canonical FROM period_records
            WHERE period NOT IN (SELECT reference FROM log_entries WHERE kind = 'period') ORDER BY period
            """);
        while (row.Read())
            periods.Add((row.GetPeriod(0), row.GetFieldValue<byte[]>(1)));
        return periods;
    }

    /// <summary>How many agreements are in entries.</summary>
    public static long AgreementCount(Session session) =>
        (long)session.Scalar("SELECT count(*) FROM log_entries WHERE kind = 'agreement'")!;

    private static LogRow? First(DbDataReader row)
    {
        using (row)
            return row.Read() ? new(row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : null;
    }
}

/// <summary>A stored entry of the log.</summary>
internal sealed record LogRow(long Position, byte[] Content);
