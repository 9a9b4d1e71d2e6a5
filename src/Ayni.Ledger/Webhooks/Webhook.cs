using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>Where somebody is told what happens to it.</summary>
/// <param name="Id"><c>whk_…</c></param>
/// <param name="Subject">The party or customer that is told what happens to it; null for the operator, who is told everything.</param>
/// <param name="Url">The address, https; http only to an address that the host's operator allows.</param>
/// <param name="Created">When it was entered.</param>
/// <param name="Revoked">Since when nothing is sent there.</param>
public sealed record Webhook(string Id, string? Subject, string Url, DateTimeOffset Created, DateTimeOffset? Revoked);

/// <summary>An endpoint just entered, with the only showing of its secret.</summary>
/// <param name="Webhook">The endpoint.</param>
/// <param name="Secret">What signs what is sent there (<see cref="WebhookSignature"/>): <c>whsec_…</c>, 256 bits.</param>
public sealed record IssuedWebhook(Webhook Webhook, string Secret);

/// <summary>What is told.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<WebhookEventType>))]
public enum WebhookEventType
{
    /// <summary>A month was closed. Told to every party.</summary>
    [JsonStringEnumMemberName("period.closed")]
    PeriodClosed,

    /// <summary>An invoice, credit note or self-billing document was issued. Told to its recipient.</summary>
    [JsonStringEnumMemberName("invoice.issued")]
    InvoiceIssued,

    /// <summary>The bank paid a payout. Told to its party.</summary>
    [JsonStringEnumMemberName("payout.paid")]
    PayoutPaid,

    /// <summary>The bank returned a payout. Told to its party.</summary>
    [JsonStringEnumMemberName("payout.returned")]
    PayoutReturned,

    /// <summary>Bank details were changed. Told to whoever was told before the change.</summary>
    [JsonStringEnumMemberName("bank_details.changed")]
    BankDetailsChanged,
}

/// <summary>How far an event's delivery to an endpoint is.</summary>
/// <param name="EventId"><c>evt_…</c>; a receiver that has seen it before may pass over it.</param>
/// <param name="Type">What happened.</param>
/// <param name="WebhookId">The endpoint.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="NextAttempt">When it is tried next; null when it was delivered or given up.</param>
/// <param name="Delivered">When the endpoint took it.</param>
/// <param name="LastResult">What came of the last attempt.</param>
public sealed record WebhookDelivery(
    string EventId, string Type, string WebhookId, int Attempts, DateTimeOffset? NextAttempt, DateTimeOffset? Delivered,
    string? LastResult);

/// <summary>A delivery that is due, with all that it takes.</summary>
/// <param name="EventId">The event's id.</param>
/// <param name="WebhookId">The endpoint's id.</param>
/// <param name="Url">Where to.</param>
/// <param name="Secret">What signs it.</param>
/// <param name="Body">JSON.</param>
/// <param name="Attempts">How often it was tried before.</param>
public sealed record DueDelivery(string EventId, string WebhookId, Uri Url, string Secret, string Body, int Attempts);
