using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/webhooks</c>: who is told what happens.</summary>
internal static class WebhookEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get("listWebhooks", "/api/webhooks", "The endpoints that are told what happens, oldest first.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Webhook, call => call.Read(call.Books.ListWebhooks, webhook => webhook.Id));
        api.Post(
            "createWebhook", "/api/webhooks",
            "Enter an endpoint. Its secret, which signs what it is sent (Ayni-Signature), is shown now and never again.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewWebhook, LedgerJson.Default.IssuedWebhook, (call, body) =>
                call.Books.CreateWebhookAsync(body.Subject, body.Url, call.Ended));
        api.Post("revokeWebhook", "/api/webhooks/{webhook}/revoke", "Send nothing to an endpoint any more.", KeyRole.Operator)
            .Answers(LedgerJson.Default.Webhook, call => call.Books.RevokeWebhookAsync(call.Path("webhook"), call.Ended));
        api.Get(
            "listDeliveries", "/api/webhook-deliveries", "What was sent to endpoints and what came of it, newest first.",
            OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.WebhookDelivery, call => call.Read(
                call.Books.ListDeliveries, delivery => $"{delivery.EventId}/{delivery.WebhookId}"));
    }
}
