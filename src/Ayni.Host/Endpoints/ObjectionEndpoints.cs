using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/objections</c>: what parties and customers dispute, and how that ended.</summary>
internal static class ObjectionEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listObjections", "/api/objections", "Objections, oldest first; a party's or customer's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party, KeyRole.Customer])
            .Query("period", "Only those about this month.")
            .AnswersPage(LedgerJson.Default.Objection, call =>
            {
                var period = call.QueryPeriod();
                return call.Read((after, limit) => call.Books.ListObjections(period, call.Key.HolderId, after, limit), one => one.Id);
            });
        api.Post(
            "raiseObjection", "/api/objections",
            "Object to the key's own statement, to a receipt or to a deduction. It is answered and resolved, and never taken back.",
            KeyRole.Party, KeyRole.Customer)
            .Answers(RequestJson.Default.NewObjection, LedgerJson.Default.Objection, (call, body) => call.Books.RaiseObjectionAsync(
                call.Key.HolderId!, Subject(body.Subject), body.Reference, body.Says, BodyValues.Period("period", body.Period), call.Ended));
        api.Post(
            "replyToObjection", "/api/objections/{id}/reply", "Answer an objection, or reply to the answer to one's own.",
            KeyRole.Party, KeyRole.Customer, KeyRole.Operator, KeyRole.Finance)
            .Answers(RequestJson.Default.ObjectionReply, LedgerJson.Default.Objection, (call, body) =>
                call.Books.ReplyToObjectionAsync(call.Path("id"), call.Key.HolderId, body.Says, call.Ended));
        api.Post(
            "resolveObjection", "/api/objections/{id}/resolve",
            "End an objection, with the credit note or deduction that puts it right, or saying why there is none.", KeyRole.Operator, KeyRole.Finance)
            .Answers(RequestJson.Default.ObjectionEnd, LedgerJson.Default.Objection, (call, body) =>
                call.Books.ResolveObjectionAsync(call.Path("id"), body.Says, body.Correction, call.Ended));
    }

    private static ObjectionSubject Subject(string text) => text switch
    {
        "statement" => ObjectionSubject.Statement,
        "receipt" => ObjectionSubject.Receipt,
        "deduction" => ObjectionSubject.Deduction,
        _ => throw ApiException.BadField("subject", "must be statement, receipt or deduction."),
    };
}
