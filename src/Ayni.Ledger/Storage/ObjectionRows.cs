using System.Collections.Immutable;
using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of objections.</summary>
internal static class ObjectionRows
{
    private const string Columns = "SELECT id, subject, reference, period, raised_by FROM objections";

    private static readonly PagedQuery Every = new(Columns, "rowid", "SELECT rowid FROM objections WHERE id = $1");

    public static void Insert(Session session, Objection objection, DateTimeOffset now) => session.Execute(
        "INSERT INTO objections (id, subject, reference, period, raised_by, raised) VALUES ($1, $2, $3, $4, $5, $6)",
        objection.Id, objection.Subject.ToString(), objection.Reference, objection.Period.ToString(), objection.RaisedBy, now.Microseconds());

    public static void Insert(Session session, string id, ObjectionStep step) => session.Execute(
        "INSERT INTO objection_steps (objection, number, state, recorded, author, says, correction) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id, step.Number, step.State.ToString(), step.At.Microseconds(), step.By, step.Says, step.Correction);

    /// <summary>An objection; null if there is none of the id.</summary>
    public static Objection? Find(Session session, string id) =>
        Complete(session, session.Query($"{Columns} WHERE id = $1", id)).FirstOrDefault();

    /// <summary>Objections, oldest first; null stands for any month and whoever raised them.</summary>
    public static IReadOnlyList<Objection> All(
        Session session, Period? period = null, string? raisedBy = null, string after = "", int limit = int.MaxValue) =>
        Complete(session, Every.Query(session, after, limit, ("period = ?", period?.ToString()), ("raised_by = ?", raisedBy)));

    private static List<Objection> Complete(Session session, DbDataReader rows) => rows.ReadAll(row => new Objection(
        row.GetString(0), Enum.Parse<ObjectionSubject>(row.GetString(1)), row.GetString(2), row.GetPeriod(3), row.GetString(4), []))
        .ConvertAll(objection => objection with { Steps = Steps(session, objection.Id) });

    private static ImmutableArray<ObjectionStep> Steps(Session session, string id) =>
        [
            .. session.Query(
                "SELECT number, state, recorded, author, says, correction FROM objection_steps WHERE objection = $1 ORDER BY number", id)
                .ReadAll(Read),
        ];

    private static ObjectionStep Read(DbDataReader row) => new(
        row.GetInt32(0), Enum.Parse<ObjectionState>(row.GetString(1)), row.GetInstant(2), row.GetString(3), row.GetString(4), row.GetText(5));
}
