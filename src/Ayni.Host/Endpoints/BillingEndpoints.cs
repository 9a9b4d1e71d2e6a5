using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/entities</c> and <c>/api/billing</c>: what stands on invoices about who issues and who receives them.</summary>
internal static class BillingEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listEntities", "/api/entities", "The legal entities that issue invoices, and what the next ones say about them.",
            OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.BillingDetails, call => call.Read(call.Books.ListEntities, entity => entity.Subject));
        api.Post(
            "setEntity", "/api/entities/{code}", "Enter a legal entity that issues invoices, or change what the next ones say about it.",
            OperationCatalog.Deciders)
            .Answers(RequestJson.Default.NewBilling, LedgerJson.Default.BillingDetails, (call, body) =>
                call.Books.SetEntityAsync(body.Of(call.Path("code")), call.Ended));
        api.Get(
            "getBilling", "/api/billing/{subject}",
            "What the next invoice of a customer or party says about it; a customer's or party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer, KeyRole.Party])
            .Answers(LedgerJson.Default.BillingDetails, call =>
            {
                var subject = call.Path("subject");
                call.DemandOwn(subject, () => ApiException.Unknown("billing", subject));
                return call.Books.FindBilling(subject) ?? throw ApiException.Unknown("billing", subject);
            });
        api.Post(
            "setBilling", "/api/billing/{subject}", "Change what the next invoices say about a customer or party, and its taxes.",
            OperationCatalog.Deciders)
            .Answers(RequestJson.Default.NewBilling, LedgerJson.Default.BillingDetails, (call, body) =>
                call.Books.SetBillingAsync(body.Of(call.Path("subject")), call.Ended));
    }
}
