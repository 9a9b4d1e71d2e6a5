using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/limits</c>: what keys, customers and apps may use.</summary>
internal static class LimitEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listLimits", "/api/limits",
            "What keys, customers and apps may cost a day and a month, and use a minute; a customer's key sees its own and its keys'.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .AnswersPage(LedgerJson.Default.Limits, call => call.Read(
                (after, limit) => call.Books.ListLimits(call.Key.HolderId, after, limit), limits => limits.SubjectId));
        api.Post(
            "setLimits", "/api/limits/{subject}",
            "Put limits in the place of a key's, customer's or app's own; what is absent is not limited. A customer's spending limit is "
            + "apart.",
            KeyRole.Operator)
            .Answers(RequestJson.Default.NewLimits, LedgerJson.Default.Limits, (call, body) =>
                call.Books.SetLimitsAsync(body.Of(call.Path("subject")), call.Ended));
    }
}
