using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of the log of operator actions.</summary>
internal static class ActionRows
{
    public static void Insert(Session session, OperatorAction action) => session.Execute(
        "INSERT INTO actions (at, actor, action, subject, before_digest, after_digest) VALUES ($1, $2, $3, $4, $5, $6)",
        action.At.Microseconds(), action.Actor, action.Action, action.Subject, action.Before?.ToBytes(), action.After?.ToBytes());

    public static ActionPage List(Session session, string? subject, long after, int limit)
    {
        var actions = new List<OperatorAction>();
        using var row = session.Query(
            """
            SELECT number, at, actor, action, subject, before_digest, after_digest FROM actions
            WHERE number > $1 AND subject = coalesce($2, subject) ORDER BY number LIMIT $3
            """,
            after, subject, limit + 1);
        while (row.Read())
            actions.Add(Read(row));
        return actions.Count <= limit ? new(actions, null) : new(actions[..limit], actions[limit - 1].Number);
    }

    private static OperatorAction Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetInstant(1), row.GetString(2), row.GetString(3), row.GetString(4), DigestOf(row, 5), DigestOf(row, 6));

    private static Digest? DigestOf(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : Digest.FromBytes(row.GetFieldValue<byte[]>(column));
}
