namespace Ayni.Ledger;

/// <summary>The SQL of signing keys, batches and salts.</summary>
internal static class ProofRows
{
    public static LogIdentity? Identity(Session session)
    {
        using var row = session.Query("SELECT origin, public_key, secret FROM log_identity WHERE id = 1");
        return row.Read()
            ? new(new(row.GetString(0), PublicKey.NoteType, row.GetFieldValue<byte[]>(1)), row.GetFieldValue<byte[]>(2))
            : null;
    }

    public static void Insert(Session session, LogIdentity identity) => session.Execute(
        "INSERT INTO log_identity (id, origin, public_key, secret) VALUES (1, $1, $2, $3)",
        identity.Key.Name, identity.Key.Bytes.ToArray(), identity.Secret);

    /// <summary>A signing key's row; null if it is not the ledger's.</summary>
    public static SigningKeyRow? SigningKey(Session session, string id)
    {
        using var row = session.Query("SELECT certificate, retired, revoked FROM signing_keys WHERE id = $1", id);
        return row.Read() ? ReadKey(row) : null;
    }

    /// <summary>Every signing key, oldest first.</summary>
    public static IReadOnlyList<SigningKeyRow> SigningKeys(Session session)
    {
        var keys = new List<SigningKeyRow>();
        using var row = session.Query("SELECT certificate, retired, revoked FROM signing_keys ORDER BY certified, id");
        while (row.Read())
            keys.Add(ReadKey(row));
        return keys;
    }

    public static void Insert(Session session, KeyCertificate certificate) => session.Execute(
        "INSERT INTO signing_keys (id, certificate, certified) VALUES ($1, $2, $3)",
        certificate.KeyId, certificate.Encode(), certificate.CertifiedAt.Microseconds());

    public static void Retire(Session session, string id, DateTimeOffset now) =>
        session.Execute("UPDATE signing_keys SET retired = $2 WHERE id = $1 AND retired IS NULL", id, now.Microseconds());

    public static void Revoke(Session session, string id, DateTimeOffset now) =>
        session.Execute("UPDATE signing_keys SET revoked = $2 WHERE id = $1", id, now.Microseconds());

    /// <summary>The number of the last batch, signed or not.</summary>
    public static long LastBatch(Session session) => (long)session.Scalar(
        """
        SELECT coalesce(max(number), 0)
        FROM (SELECT max(number) AS number FROM batches UNION ALL SELECT max(number) FROM unsigned_receipts) AS last
        """)!;

    public static void Insert(
        Session session, long number, long firstEntry, long lastEntry, string keyId, byte[] canonical, byte[] signature) =>
        session.Execute(
            "INSERT INTO batches (number, first_entry, last_entry, canonical, signing_key, signature) VALUES ($1, $2, $3, $4, $5, $6)",
            number, firstEntry, lastEntry, canonical, keyId, signature);

    /// <summary>The batch that holds the receipt of an entry; null if it was not signed.</summary>
    public static BatchRow? BatchOf(Session session, long entry)
    {
        using var row = session.Query(
            """
            SELECT b.first_entry, b.last_entry, b.canonical, b.signature, k.certificate
            FROM batches b JOIN signing_keys k ON k.id = b.signing_key WHERE b.last_entry >= $1 ORDER BY b.last_entry LIMIT 1
            """,
            entry);
        return row.Read() && row.GetInt64(0) <= entry
            ? new(
                row.GetInt64(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2), row.GetFieldValue<byte[]>(3), row.GetFieldValue<byte[]>(4))
            : null;
    }

    /// <summary>The hashes of batches from one number to another, signed or not, as the log's trees have them.</summary>
    public static IReadOnlyList<Digest> BatchHashes(Session session, long first, long last)
    {
        var hashes = new List<Digest>();
        using var row = session.Query("""
            SELECT number, canonical FROM batches WHERE number BETWEEN $1 AND $2
            UNION ALL SELECT number, canonical FROM unsigned_receipts WHERE number BETWEEN $1 AND $2 ORDER BY number
            """,
            first, last);
        while (row.Read())
            hashes.Add(MerkleTree.Leaf(Digest.Of(row.GetFieldValue<byte[]>(1))));
        return hashes;
    }

    /// <summary>The entries and canonical bytes of the receipts from one entry to another, in posting order.</summary>
    public static IReadOnlyList<(long Entry, byte[] Canonical)> Receipts(Session session, long first, long last)
    {
        var receipts = new List<(long, byte[])>();
        using var row = session.Query("SELECT entry, canonical FROM receipts WHERE entry BETWEEN $1 AND $2 ORDER BY entry", first, last);
        while (row.Read())
            receipts.Add((row.GetInt64(0), row.GetFieldValue<byte[]>(1)));
        return receipts;
    }

    /// <summary>The entry and canonical bytes of a receipt by its own id or its request's.</summary>
    public static (long Entry, byte[] Canonical)? FindReceipt(Session session, string id)
    {
        return First(session.Query(
                "SELECT r.entry, r.canonical FROM entries e JOIN receipts r ON r.entry = e.number WHERE e.reference = $1 AND e.kind = 'charge'", id))
            ?? First(session.Query("SELECT entry, canonical FROM receipts WHERE request = $1", id));

        static (long, byte[])? First(System.Data.Common.DbDataReader row)
        {
            using (row)
                return row.Read() ? (row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : null;
        }
    }

    private static SigningKeyRow ReadKey(System.Data.Common.DbDataReader row) =>
        new(KeyCertificate.Decode(row.GetFieldValue<byte[]>(0)), row.GetInstantOrNull(1), row.GetInstantOrNull(2));
}

/// <summary>What a ledger's log is called and known by, and a secret that salts are derived from.</summary>
internal sealed record LogIdentity(PublicKey Key, byte[] Secret)
{
    public string Origin => Key.Name;
}

/// <summary>A key that receipts were or are signed with.</summary>
/// <param name="Certificate">What makes it one of the log's.</param>
/// <param name="Retired">Since when another one signs.</param>
/// <param name="Revoked">Since when nothing it signed and the log doesn't hold is to be believed.</param>
internal sealed record SigningKeyRow(KeyCertificate Certificate, DateTimeOffset? Retired, DateTimeOffset? Revoked)
{
    public SigningKeyState ToState() => new(
        Certificate.KeyId, Certificate.Host?.Name, (long)Certificate.Promise.TotalMinutes, Certificate.CertifiedAt, Retired, Revoked);
}

/// <summary>A stored batch.</summary>
internal sealed record BatchRow(long FirstEntry, long LastEntry, byte[] Canonical, byte[] Signature, byte[] Certificate);
