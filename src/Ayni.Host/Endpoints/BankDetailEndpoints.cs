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
    }
}
