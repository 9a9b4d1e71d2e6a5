using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of webhooks and their outbox.</summary>
internal static class WebhookRows
{
    private const string Columns = "SELECT id, subject, url, created, revoked FROM webhooks";

    private static readonly PagedQuery Every = new(Columns, "rowid", "SELECT rowid FROM webhooks WHERE id = $1");

    private static readonly PagedQuery EveryDelivery = new(
        """
        SELECT d.event, e.type, d.webhook, d.attempts, d.next_attempt, d.delivered, d.last_result
        FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event
        """,
        "d.rowid", "SELECT rowid FROM webhook_deliveries WHERE event = $1 AND webhook = $2", isNewestFirst: true);

    public static void Insert(Session session, Webhook webhook, string secret) => session.Execute(
        "INSERT INTO webhooks (id, subject, url, secret, created) VALUES ($1, $2, $3, $4, $5)",
        webhook.Id, webhook.Subject, webhook.Url, secret, webhook.Created.Microseconds());

    public static void Revoke(Session session, string id, DateTimeOffset now)
    {
        session.Execute("UPDATE webhooks SET revoked = $2 WHERE id = $1", id, now.Microseconds());
        session.Execute("UPDATE webhook_deliveries SET next_attempt = NULL, last_result = 'revoked' WHERE webhook = $1 AND delivered IS NULL", id);
    }

    public static Webhook? Find(Session session, string id) => session.Query($"{Columns} WHERE id = $1", id).ReadFirst(Read);

    /// <summary>Every endpoint, oldest first.</summary>
    public static IReadOnlyList<Webhook> All(Session session, string after, int limit) => Every.Query(session, after, limit).ReadAll(Read);

    /// <summary>
    /// The endpoints told what happens to a subject, or to every party: the subject's, or every party's, and the operator's.
    /// </summary>
    public static IReadOnlyList<string> Of(Session session, string? subject) => session.Query(
        """
        SELECT id FROM webhooks
        WHERE revoked IS NULL AND (subject IS NULL OR subject = $1 OR ($1 = '' AND subject IN (SELECT p.id FROM parties p))) ORDER BY id
        """,
        subject ?? "").ReadAll(row => row.GetString(0));

    public static void InsertEvent(Session session, string id, WebhookEventType type, string subject, DateTimeOffset now, string body) =>
        session.Execute(
            "INSERT INTO webhook_events (id, type, subject, created, body) VALUES ($1, $2, $3, $4, $5)",
            id, type.Name(), subject, now.Microseconds(), body);

    public static void InsertDelivery(Session session, string eventId, string webhookId, DateTimeOffset now) => session.Execute(
        "INSERT INTO webhook_deliveries (event, webhook, attempts, next_attempt) VALUES ($1, $2, 0, $3)", eventId, webhookId, now.Microseconds());

    public static IReadOnlyList<DueDelivery> Due(Session session, DateTimeOffset now, int limit) => session.Query(
        """
        SELECT d.event, d.webhook, w.url, w.secret, e.body, d.attempts
        FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook JOIN webhook_events e ON e.id = d.event
        WHERE d.next_attempt IS NOT NULL AND d.next_attempt <= $1 AND w.revoked IS NULL
        ORDER BY d.next_attempt, d.event, d.webhook LIMIT $2
        """,
        now.Microseconds(), limit)
        .ReadAll(row => new DueDelivery(
            row.GetString(0), row.GetString(1), new(row.GetString(2)), row.GetString(3), row.GetString(4), (int)row.GetInt64(5)));

    /// <summary>Whether anything is due, without a transaction that writes.</summary>
    public static bool AnyDue(Session session, DateTimeOffset now) => session.Scalar(
        "SELECT 1 FROM webhook_deliveries WHERE next_attempt IS NOT NULL AND next_attempt <= $1 LIMIT 1", now.Microseconds()) is not null;

    public static void Defer(Session session, DueDelivery delivery, DateTimeOffset until) => session.Execute(
        "UPDATE webhook_deliveries SET next_attempt = $3 WHERE event = $1 AND webhook = $2", delivery.EventId, delivery.WebhookId,
        until.Microseconds());

    public static void Record(
        Session session, DueDelivery delivery, int attempts, DateTimeOffset? next, DateTimeOffset? delivered, string result) => session.Execute(
            """
            UPDATE webhook_deliveries SET attempts = $3, next_attempt = $4, delivered = $5, last_result = $6
            WHERE event = $1 AND webhook = $2 AND delivered IS NULL
            """,
            delivery.EventId, delivery.WebhookId, attempts, next?.Microseconds(), delivered?.Microseconds(), result);

    /// <summary>Deliveries, newest first.</summary>
    public static IReadOnlyList<WebhookDelivery> Deliveries(Session session, string after, int limit) =>
        EveryDelivery.Query(session, PagedQuery.Parts(after, 2), limit).ReadAll(row => new WebhookDelivery(
            row.GetString(0), row.GetString(1), row.GetString(2), (int)row.GetInt64(3), row.GetInstantOrNull(4), row.GetInstantOrNull(5),
            row.GetText(6)));

    private static Webhook Read(DbDataReader row) =>
        new(row.GetString(0), row.GetText(1), row.GetString(2), row.GetInstant(3), row.GetInstantOrNull(4));
}
