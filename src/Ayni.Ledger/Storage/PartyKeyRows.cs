using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of parties' keys, with their signatures under agreements, and of customers' keys.</summary>
internal static class PartyKeyRows
{
    private const string Keys =
        """
        (SELECT id, party AS holder, public_key, registered, endorsement, revoked, rowid AS number FROM party_keys
         UNION ALL SELECT id, customer, public_key, registered, endorsement, revoked, rowid FROM customer_keys) AS keys
        """;

    private const string Columns = $"SELECT id, holder, public_key, registered, endorsement, revoked FROM {Keys}";

    private static readonly PagedQuery Every = new(Columns, "holder, number", $"SELECT holder, number FROM {Keys} WHERE id = $1");

    public static void Insert(Session session, PublicKey key, byte[]? endorsement, DateTimeOffset now, bool isCustomers) => session.Execute(
        isCustomers
            ? "INSERT INTO customer_keys (id, customer, public_key, registered, endorsement) VALUES ($1, $2, $3, $4, $5)"
            : "INSERT INTO party_keys (id, party, public_key, registered, endorsement) VALUES ($1, $2, $3, $4, $5)",
        KeyCertificate.IdOf(key.Bytes), key.Name, key.Bytes.ToArray(), now.Microseconds(), endorsement);

    public static void Revoke(Session session, string id, DateTimeOffset now)
    {
        session.Execute("UPDATE party_keys SET revoked = $2 WHERE id = $1 AND revoked IS NULL", id, now.Microseconds());
        session.Execute("UPDATE customer_keys SET revoked = $2 WHERE id = $1 AND revoked IS NULL", id, now.Microseconds());
    }

    /// <summary>A key; null if nobody has it.</summary>
    public static PartyKey? Find(Session session, string id) => session.Query($"{Columns} WHERE id = $1", id).ReadFirst(Read);

    /// <summary>The key a party or customer has in force; null if it has none.</summary>
    public static PartyKey? InForce(Session session, string holderId) =>
        session.Query($"{Columns} WHERE holder = $1 AND revoked IS NULL", holderId).ReadFirst(Read);

    /// <summary>Every key, or one holder's, by holder and in the order of registration.</summary>
    public static IReadOnlyList<PartyKey> All(Session session, string? holderId, string after, int limit) =>
        Every.Query(session, after, limit, ("holder = ?", holderId)).ReadAll(Read);

    /// <summary>The parties that have or had a key, and so accept by signature alone.</summary>
    public static HashSet<string> Signers(Session session)
    {
        var parties = new HashSet<string>(StringComparer.Ordinal);
        using var row = session.Query("SELECT DISTINCT party FROM party_keys");
        while (row.Read())
            parties.Add(row.GetString(0));
        return parties;
    }

    public static void InsertSignature(Session session, long document, PartyKey key, byte[] signature, DateTimeOffset now) => session.Execute(
        "INSERT INTO agreement_signatures (document, party, key, signature, signed) VALUES ($1, $2, $3, $4, $5)",
        document, key.PartyId, key.Id, signature, now.Microseconds());

    /// <summary>The signatures under some documents as acceptances of them.</summary>
    public static IReadOnlyList<(long Document, Acceptance Acceptance)> Signatures(Session session, long first, long last)
    {
        var signatures = new List<(long, Acceptance)>();
        using var row = session.Query(
            """
            SELECT s.document, s.party, s.signed, s.signature, k.public_key
            FROM agreement_signatures s JOIN party_keys k ON k.id = s.key WHERE s.document BETWEEN $1 AND $2 ORDER BY s.document, s.party
            """,
            first, last);
        while (row.Read())
        {
            var key = new PublicKey(row.GetString(1), PublicKey.NoteType, row.GetFieldValue<byte[]>(4));
            signatures.Add((row.GetInt64(0), new(
                row.GetString(1), row.GetInstant(2), null, null, key.ToString(), Convert.ToBase64String(row.GetFieldValue<byte[]>(3)))));
        }
        return signatures;
    }

    private static PartyKey Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), new PublicKey(row.GetString(1), PublicKey.NoteType, row.GetFieldValue<byte[]>(2)).ToString(),
        row.GetInstant(3), !row.IsDBNull(4), row.GetInstantOrNull(5));
}
