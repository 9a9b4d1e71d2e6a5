using System.Collections.Immutable;
using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of objections.</summary>
internal static class ObjectionRows
{
    public static void Insert(Session session, Objection objection, DateTimeOffset now) => session.Execute(
        "INSERT INTO objections (id, subject, reference, period, raised_by, raised) VALUES ($1, $2, $3, $4, $5, $6)",
        objection.Id, objection.Subject.ToString(), objection.Reference, objection.Period.ToString(), objection.RaisedBy, now.Microseconds());

    public static void Insert(Session session, string id, ObjectionStep step) => session.Execute(
        "INSERT INTO objection_steps (objection, number, state, recorded, author, says, correction) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id, step.Number, step.State.ToString(), step.At.Microseconds(), step.By, step.Says, step.Correction);

    /// <summary>An objection; null if there is none of the id.</summary>
    public static Objection? Find(Session session, string id) => All(session).FirstOrDefault(objection => objection.Id == id);

    /// <summary>Every objection, oldest first.</summary>
    public static IReadOnlyList<Objection> All(Session session)
    {
        var steps = Steps(session);
        var objections = new List<Objection>();
        using var row = session.Query("SELECT id, subject, reference, period, raised_by FROM objections ORDER BY raised, id");
        while (row.Read())
            objections.Add(new(
                row.GetString(0), Enum.Parse<ObjectionSubject>(row.GetString(1)), row.GetString(2), row.GetPeriod(3), row.GetString(4),
                steps[row.GetString(0)].ToImmutable()));
        return objections;
    }

    private static Dictionary<string, ImmutableArray<ObjectionStep>.Builder> Steps(Session session)
    {
        var steps = new Dictionary<string, ImmutableArray<ObjectionStep>.Builder>(StringComparer.Ordinal);
        using var row = session.Query(
            "SELECT objection, number, state, recorded, author, says, correction FROM objection_steps ORDER BY objection, number");
        while (row.Read())
        {
            if (!steps.TryGetValue(row.GetString(0), out var list))
                steps.Add(row.GetString(0), list = ImmutableArray.CreateBuilder<ObjectionStep>());
            list.Add(Read(row));
        }
        return steps;
    }

    private static ObjectionStep Read(DbDataReader row) => new(
        row.GetInt32(1), Enum.Parse<ObjectionState>(row.GetString(2)), row.GetInstant(3), row.GetString(4), row.GetString(5), row.GetText(6));
}
