using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger webhook</c>: who is told what happens.</summary>
internal static class WebhookCommands
{
    private static readonly Listing<Webhook> Webhooks = new(
        LedgerJson.Default.Webhook,
        new("id", webhook => webhook.Id),
        new("subject", webhook => webhook.Subject ?? "(everybody)"),
        new("url", webhook => webhook.Url),
        new("created", webhook => Cells.Instant(webhook.Created)),
        new("revoked", webhook => Cells.Instant(webhook.Revoked)));

    private static readonly Listing<IssuedWebhook> Issued = new(
        LedgerJson.Default.IssuedWebhook,
        new("id", issued => issued.Webhook.Id),
        new("url", issued => issued.Webhook.Url),
        new("secret", issued => issued.Secret));

    private static readonly Listing<WebhookDelivery> Deliveries = new(
        LedgerJson.Default.WebhookDelivery,
        new("event", delivery => delivery.EventId),
        new("type", delivery => delivery.Type),
        new("webhook", delivery => delivery.WebhookId),
        new("attempts", delivery => Cells.Number(delivery.Attempts), IsNumber: true),
        new("next_attempt", delivery => Cells.Instant(delivery.NextAttempt)),
        new("delivered", delivery => Cells.Instant(delivery.Delivered)),
        new("result", delivery => delivery.LastResult));

    public static Command Create() => new("webhook", "Endpoints that are told what happens; a running host tells them.")
    {
        CreateCreate(),
        LedgerCommand.Create("list", "List the endpoints.\n\nExample:\n  ayni ledger webhook list --json", [], (books, _, output, _) =>
        {
            output.Write(Webhooks, books.ListWebhooks());
            return Task.CompletedTask;
        }),
        CreateRevoke(),
        LedgerCommand.Create(
            "deliveries", "List the last hundred deliveries, newest first.\n\nExample:\n  ayni ledger webhook deliveries", [],
            (books, _, output, _) =>
            {
                output.Write(Deliveries, books.ListDeliveries());
                return Task.CompletedTask;
            }),
    };

    private static Command CreateCreate()
    {
        var url = new Argument<string>("url") { Description = "Where to send, https." };
        var subject = new Option<string?>("--for")
        {
            Description = "The party or customer that is told; everything if not given.",
            HelpName = "ID",
        };
        return LedgerCommand.Create(
            "create",
            """
            Enter an endpoint. What it is sent is signed with its secret in the header Ayni-Signature: t=SECONDS,v1=HEX, where HEX is
            HMAC-SHA-256 of SECONDS.BODY. The secret is printed now and never again.

            Example:
              ayni ledger webhook create https://example.com/ayni --for pty_7m3kq0x9t2va
            """,
            [url, subject],
            async (books, result, output, cancellationToken) => output.WriteOne(Issued, await books.CreateWebhookAsync(
                result.GetValue(subject), result.GetValue(url)!, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateRevoke()
    {
        var id = new Argument<string>("id") { Description = "The endpoint's id." };
        return LedgerCommand.Create(
            "revoke",
            """
            Send nothing to an endpoint any more.

            Example:
              ayni ledger webhook revoke whk_7m3kq0x9t2va
            """,
            [id],
            async (books, result, output, cancellationToken) => output.WriteOne(
                Webhooks, await books.RevokeWebhookAsync(result.GetValue(id)!, cancellationToken).ConfigureAwait(false)));
    }
}
