using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of attestations and counts of users.</summary>
internal static class AttestationRows
{
    private const string Columns = "SELECT number, at, actor, subject, affirmed, statement FROM attestations";

    private static readonly PagedQuery Every = new(Columns, "number");

    public static Attestation Insert(Session session, Attestation attestation) => attestation with
    {
        Number = session.Insert(
            "INSERT INTO attestations (at, actor, subject, affirmed, statement) VALUES ($1, $2, $3, $4, $5) RETURNING number",
            attestation.At.Microseconds(), attestation.Actor, attestation.Subject, attestation.IsAffirmed ? 1L : 0L, attestation.Statement),
    };

    /// <summary>Attestations, oldest first.</summary>
    public static IReadOnlyList<Attestation> All(Session session, long after, int limit) => Every.Query(session, after, limit).ReadAll(Read);

    public static Attestation? Last(Session session, string subject) =>
        session.Query($"{Columns} WHERE subject = $1 ORDER BY number DESC LIMIT 1", subject).ReadFirst(Read);

    public static UserCount? FindCount(Session session, Period period)
    {
        using var row = session.Query("SELECT secret, registers FROM user_counts WHERE period = $1", period.ToString());
        return row.Read()
            ? new(period, row.IsDBNull(0) ? null : row.GetFieldValue<byte[]>(0), new(row.GetFieldValue<byte[]>(1)))
            : null;
    }

    public static void InsertCount(Session session, UserCount count) => session.Execute(
        "INSERT INTO user_counts (period, secret, registers) VALUES ($1, $2, $3)",
        count.Period.ToString(), count.Secret, count.Sketch.ToBytes());

    public static void UpdateCount(Session session, UserCount count) => session.Execute(
        "UPDATE user_counts SET registers = $2 WHERE period = $1", count.Period.ToString(), count.Sketch.ToBytes());

    public static void DestroySecretsBefore(Session session, Period period) => session.Execute(
        "UPDATE user_counts SET secret = NULL WHERE period < $1 AND secret IS NOT NULL", period.ToString());

    private static Attestation Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetInstant(1), row.GetString(2), row.GetString(3), row.GetInt64(4) != 0, row.GetString(5));
}
