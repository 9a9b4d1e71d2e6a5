namespace Ayni.Ledger;

public sealed partial class Books
{
    // Webhooks.

    /// <summary>
    /// Enters an endpoint that is told what happens to a party or customer, or to everybody where no subject is given. Its secret is shown
    /// in the result and never again.
    /// </summary>
    public Task<IssuedWebhook> CreateWebhookAsync(string? subject, string url, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _outbox.Create(transaction, subject, url), cancellationToken);

    /// <summary>Sends nothing to an endpoint any more.</summary>
    public Task<Webhook> RevokeWebhookAsync(string id, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Outbox.Revoke(transaction, id), cancellationToken);

    /// <summary>Every endpoint, oldest first; at most so many, after another.</summary>
    public IReadOnlyList<Webhook> ListWebhooks(string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => WebhookRows.All(session, after, limit));

    /// <summary>
    /// At most so many deliveries, newest first, after that of an event to an endpoint (<c>EVENT/ENDPOINT</c>, or nothing).
    /// </summary>
    public IReadOnlyList<WebhookDelivery> ListDeliveries(string after = "", int limit = 100) =>
        _readers.Read(session => WebhookRows.Deliveries(session, after, limit));

    /// <summary>Takes deliveries that are due, for whoever sends them; they are due again in a minute unless noted.</summary>
    public async Task<IReadOnlyList<DueDelivery>> TakeDeliveriesAsync(int limit, CancellationToken cancellationToken = default) =>
        _readers.Read(session => WebhookRows.AnyDue(session, _clock.GetUtcNow()))
            ? await _writer.RunAsync(transaction => Outbox.Take(transaction, limit), cancellationToken).ConfigureAwait(false)
            : [];

    /// <summary>Notes what came of a delivery; what failed is tried again later, ten times within four days.</summary>
    public Task NoteDeliveryAsync(DueDelivery delivery, bool delivered, string result, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Outbox.Note(transaction, delivery, delivered, result), cancellationToken);
}
