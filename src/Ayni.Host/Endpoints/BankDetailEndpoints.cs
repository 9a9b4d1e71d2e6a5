using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/bank-details</c>: where parties are paid, and from where entities pay.</summary>
internal static class BankDetailEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "getBankDetails", "/api/bank-details/{subject}",
            "Where a party is paid, or from where an entity pays; a party's key sees its own.",
            [.. OperationCatalog.Deciders, KeyRole.Party])
            .Answers(LedgerJson.Default.BankDetails, call =>
            {
                var subject = call.Path("subject");
                call.DemandOwn(subject, () => ApiException.Unknown("party", subject));
                return call.Books.FindBankDetails(subject) ?? throw ApiException.Unknown("bank_details", subject);
            });
        api.Post(
            "setBankDetails", "/api/bank-details/{subject}",
            "Set where a party is paid. A change needs a second key, is told to the old contact, and holds payouts back for 72 hours.",
            OperationCatalog.Deciders)
            .Answers(RequestJson.Default.NewBankDetails, LedgerJson.Default.BankDetails, (call, body) => call.Books.SetBankDetailsAsync(
                call.Path("subject"), body.Holder, Iban.Parse(body.Iban), body.Bic is null ? null : Bic.Parse(body.Bic), call.Ended));
        api.Get("getContact", "/api/contacts/{subject}", "Whom a party, or an entity that pays, has as its contact.", OperationCatalog.Deciders)
            .Answers(LedgerJson.Default.Contact, call =>
                call.Books.FindContact(call.Path("subject")) ?? throw ApiException.Unknown("contact", call.Path("subject")));
        api.Post(
            "setContact", "/api/contacts/{subject}",
            "Set whom a party has as its contact. A change needs a second key, and is told to the contact before.", OperationCatalog.Deciders)
            .Answers(RequestJson.Default.NewContact, LedgerJson.Default.Contact, (call, body) => call.Books.SetContactAsync(
                call.Path("subject"), body.Name, body.Email, body.Language ?? StatementLanguage.English.Code, call.Ended));
        api.Get("listNotices", "/api/notices", "What contacts are to be told of changed bank details and contacts, oldest first.", OperationCatalog.Deciders)
            .AnswersPage(LedgerJson.Default.Notice, call => call.Read(call.Books.ListNotices, notice => notice.Number));
        api.Post("markNoticeSent", "/api/notices/{number}/sent", "Record that a notice was sent, and how.", OperationCatalog.Deciders)
            .Answers(RequestJson.Default.SentNotice, LedgerJson.Default.Notice, (call, body) =>
                call.Books.MarkNoticeSentAsync(
                    call.PathNumber("number") ?? throw ApiException.Unknown("notice", call.Path("number")), body.How, call.Ended));
    }
}
