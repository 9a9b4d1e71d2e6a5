namespace Ayni.Ledger;

/// <summary>The SQL of callers' references.</summary>
internal static class ReferenceRows
{
    public static void Insert(Session session, string action, string reference, string made, Digest request) => session.Execute(
        "INSERT INTO callers_references (action, reference, made, request) VALUES ($1, $2, $3, $4)", action, reference, made, request.ToBytes());

    public static (string Made, Digest Request)? Find(Session session, string action, string reference)
    {
        using var row = session.Query("SELECT made, request FROM callers_references WHERE action = $1 AND reference = $2", action, reference);
        return row.Read() ? (row.GetString(0), Digest.FromBytes(row.GetFieldValue<byte[]>(1))) : null;
    }
}
