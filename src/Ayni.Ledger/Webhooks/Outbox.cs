using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger;

/// <summary>
/// Enters endpoints, and puts what happens into the outbox in the transaction in which it happens: what is not committed is not told, and
/// what is committed is told at least once.
/// </summary>
internal sealed class Outbox(Identifiers identifiers)
{
    /// <summary>Seconds from one attempt to the next: a minute to a day, three days and a half together.</summary>
    private static readonly int[] BackoffSeconds = [60, 300, 1_800, 7_200, 21_600, 43_200, 86_400, 86_400, 86_400];

    private const int LongestUrl = 2_000, LongestResult = 200;

    public IssuedWebhook Create(Transaction transaction, string? subject, string url)
    {
        var session = transaction.Session;
        if (subject is not null && RegistryRows.Party(session, subject) is null && RegistryRows.Customer(session, subject) is null)
            throw Registry.Unknown(Refusal.UnknownParty, "party or customer", subject);
        if (url.Length > LongestUrl || !Uri.TryCreate(url, UriKind.Absolute, out var address) || address.UserInfo.Length > 0
            || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
            throw new LedgerRefusedException(
                Refusal.InvalidUrl, "An endpoint is an absolute address such as https://example.com/ayni, without a user's name in it.");
        var webhook = new Webhook(identifiers.New("whk"), subject, address.AbsoluteUri, transaction.Now, null);
        var secret = $"whsec_{identifiers.NewSecret()}";
        WebhookRows.Insert(session, webhook, secret);
        transaction.Note("create_webhook", webhook.Id, null, webhook, LedgerJson.Default.Webhook);
        return new(webhook, secret);
    }

    public static Webhook Revoke(Transaction transaction, string id)
    {
        var webhook = WebhookRows.Find(transaction.Session, id) ?? throw Registry.Unknown(Refusal.UnknownWebhook, "webhook", id);
        if (webhook.Revoked is not null)
            return webhook;
        WebhookRows.Revoke(transaction.Session, id, transaction.Now);
        var revoked = webhook with { Revoked = transaction.Now };
        transaction.Note("revoke_webhook", id, webhook, revoked, LedgerJson.Default.Webhook);
        return revoked;
    }

    /// <summary>Tells a subject's endpoints and the operator's that something happened.</summary>
    /// <param name="transaction">The transaction in which it happens.</param>
    /// <param name="type">What happened.</param>
    /// <param name="subject">To whom; null if to every party.</param>
    /// <param name="data">What is told of it.</param>
    /// <param name="view">How it is written.</param>
    public void Tell<T>(Transaction transaction, WebhookEventType type, string? subject, T data, JsonTypeInfo<T> view)
    {
        var endpoints = WebhookRows.Of(transaction.Session, subject);
        if (endpoints.Count == 0)
            return;
        var id = identifiers.New("evt");
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("type", type.Name());
            json.WriteString("created", transaction.Now);
            json.WritePropertyName("data");
            JsonSerializer.Serialize(json, data, view);
            json.WriteEndObject();
        }
        WebhookRows.InsertEvent(
            transaction.Session, id, type, subject ?? "", transaction.Now,
            Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
        foreach (var endpoint in endpoints)
            WebhookRows.InsertDelivery(transaction.Session, id, endpoint, transaction.Now);
    }

    /// <summary>
    /// Takes what is due, at most so many. Whoever takes a delivery has it for a minute; then another host may try, too.
    /// </summary>
    public static IReadOnlyList<DueDelivery> Take(Transaction transaction, int limit)
    {
        var due = WebhookRows.Due(transaction.Session, transaction.Now, limit);
        foreach (var delivery in due)
            WebhookRows.Defer(transaction.Session, delivery, transaction.Now.AddMinutes(1));
        return due;
    }

    /// <summary>Notes what came of an attempt: delivered, tried again later, or given up after the last one.</summary>
    public static bool Note(Transaction transaction, DueDelivery delivery, bool delivered, string result)
    {
        var attempts = delivery.Attempts + 1;
        DateTimeOffset? next = delivered || attempts > BackoffSeconds.Length
            ? null
            : transaction.Now.AddSeconds(BackoffSeconds[attempts - 1]);
        WebhookRows.Record(
            transaction.Session, delivery, attempts, next, delivered ? transaction.Now : null,
            result.Length > LongestResult ? result[..LongestResult] : result);
        return delivered;
    }
}

/// <summary>The names of events as receivers read them.</summary>
internal static class WebhookEventTypeNames
{
    public static string Name(this WebhookEventType type) => type switch
    {
        WebhookEventType.PeriodClosed => "period.closed",
        WebhookEventType.InvoiceIssued => "invoice.issued",
        WebhookEventType.PayoutPaid => "payout.paid",
        WebhookEventType.PayoutReturned => "payout.returned",
        WebhookEventType.BankDetailsChanged => "bank_details.changed",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
