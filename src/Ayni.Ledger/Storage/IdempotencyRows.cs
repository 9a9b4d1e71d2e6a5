namespace Ayni.Ledger;

/// <summary>The SQL of requests that their clients named.</summary>
internal static class IdempotencyRows
{
    private const string Where = "WHERE customer = $1 AND name_hash = $2 AND endpoint = $3";

    public static FoundRequest? Find(Session session, IdempotentRequest request)
    {
        using var row = session.Query(
            $"SELECT key, body_hash, request, lease, begun, answer FROM idempotent_requests {Where}",
            request.CustomerId, request.NameHash.ToBytes(), request.Endpoint);
        return row.Read()
            ? new(
                row.GetString(0), Digest.FromBytes(row.GetFieldValue<byte[]>(1)), row.GetString(2), row.GetString(3), row.GetInstant(4),
                row.IsDBNull(5) ? null : row.GetFieldValue<byte[]>(5))
            : null;
    }

    public static void Insert(Session session, IdempotentRequest request, string requestId, string leaseId, DateTimeOffset now) =>
        session.Execute(
            """
            INSERT INTO idempotent_requests (customer, name_hash, endpoint, key, body_hash, request, lease, begun)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            request.CustomerId, request.NameHash.ToBytes(), request.Endpoint, request.KeyId, request.BodyHash.ToBytes(), requestId, leaseId,
            now.Microseconds());

    public static void Delete(Session session, IdempotentRequest request, string requestId) => session.Execute(
        $"DELETE FROM idempotent_requests {Where} AND request = $4",
        request.CustomerId, request.NameHash.ToBytes(), request.Endpoint, requestId);

    public static void Keep(Session session, IdempotentRequest request, byte[] content) => session.Execute(
        $"UPDATE idempotent_requests SET answer = $4 {Where}",
        request.CustomerId, request.NameHash.ToBytes(), request.Endpoint, content);

    /// <summary>Erases the answers of requests that began before an instant.</summary>
    public static void EraseAnswers(Session session, DateTimeOffset before) => session.Execute(
        "UPDATE idempotent_requests SET answer = NULL WHERE answer IS NOT NULL AND begun <= $1", before.Microseconds());
}

/// <summary>A named request as it is stored.</summary>
internal sealed record FoundRequest(
    string KeyId, Digest BodyHash, string RequestId, string LeaseId, DateTimeOffset Begun, byte[]? Content);
