using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/accounts</c> and <c>/api/write-offs</c>: what customers owe, and what is given up of it.</summary>
internal static class AccountEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "getAccount", "/api/customers/{customer}/account",
            "A customer's invoices against its payments: what is paid, open and overdue; a customer's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .Answers(LedgerJson.Default.CustomerAccount, call =>
            {
                var customer = call.Path("customer");
                call.DemandOwn(customer, () => ApiException.Unknown("customer", customer));
                return call.Books.AccountOf(customer);
            });
        api.Get(
            "listAccounts", "/api/accounts",
            "Every customer's invoices against its payments, and how far dunning is, oldest customer first.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.CustomerAccount, call => call.Read(call.Books.Accounts, account => account.CustomerId));
        api.Get("listWriteOffs", "/api/write-offs", "Claims given up and taken up again, oldest first.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.WriteOff, call => call.Read(call.Books.ListWriteOffs, writeOff => writeOff.Id));
        api.Post("writeOffInvoice", "/api/invoices/{number}/write-off", "Give up what is open of an invoice.", KeyRole.Finance)
            .Answers(RequestJson.Default.NewReason, LedgerJson.Default.WriteOff, (call, body) =>
                call.Books.WriteOffAsync(call.Path("number"), body.Reason, call.Ended));
        api.Post(
            "reclaim", "/api/write-offs/{write_off}/reclaim", "Take a claim up again that was given up, because it may be paid after all.",
            KeyRole.Finance)
            .Answers(RequestJson.Default.NewReason, LedgerJson.Default.WriteOff, (call, body) =>
                call.Books.ReverseWriteOffAsync(call.Path("write_off"), body.Reason, call.Ended));
    }
}
