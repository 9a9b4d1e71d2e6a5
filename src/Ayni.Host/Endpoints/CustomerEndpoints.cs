using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/customers</c> and <c>/api/keys</c>: who uses the service, and what opens it.</summary>
internal static class CustomerEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get(
            "listCustomers", "/api/customers", "The customers, oldest first; a customer's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .AnswersPage(LedgerJson.Default.Customer, call => call.Read(
                (after, limit) => call.Books.ListCustomers(call.Key.HolderId, after, limit), customer => customer.Id));
        api.Post("createCustomer", "/api/customers", "Enter a customer. It can ask nothing until it has a key.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewCustomer, LedgerJson.Default.Customer, (call, body) =>
            {
                var currency = BodyValues.Currency("currency", body.Currency);
                return call.Books.CreateCustomerAsync(
                    body.Name, currency, BodyValues.AmountOrNull("spending_limit", body.SpendingLimit, currency), call.Ended);
            });
        api.Get(
            "getCustomer", "/api/customers/{id}", "A customer; a customer's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .Answers(LedgerJson.Default.Customer, Find);
        api.Get(
            "getUsage", "/api/customers/{id}/usage", "What a customer used in a month, what it owes, and what is left of its limits and its keys'.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .Query("period", "The month, such as 2026-11; this one if not given.")
            .Answers(LedgerJson.Default.CustomerUsage, call => call.Books.UsageOf(Find(call).Id, call.QueryPeriod()));
        api.Post("setLimit", "/api/customers/{id}/limit", "Change a customer's spending limit, or lift it with null.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewLimit, LedgerJson.Default.Customer, (call, body) =>
            {
                var customer = Find(call);
                var limit = BodyValues.AmountOrNull("spending_limit", body.SpendingLimit, customer.Currency);
                return call.Books.SetSpendingLimitAsync(customer.Id, limit, call.Ended);
            });
        api.Post(
            "setOwner", "/api/customers/{id}/owner",
            "Say to which party a customer belongs from now on: a developer earns no share of what it uses through its own apps.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewOwner, LedgerJson.Default.CustomerOwner, (call, body) =>
                call.Books.SetCustomerOwnerAsync(call.Path("id"), body.PartyId, call.Ended));
        api.Get(
            "listCustomerKeys", "/api/customers/{id}/keys",
            "The keys by which a customer signs what was given back to it; a customer's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Customer])
            .AnswersPage(LedgerJson.Default.PartyKey, call =>
            {
                var customer = Find(call).Id;
                return call.Read((after, limit) => call.Books.ListPartyKeys(customer, after, limit), key => key.Id);
            });
        api.Post(
            "registerCustomerKey", "/api/customers/{id}/keys",
            "Register the key by which a customer signs from now on; where it has one, that must endorse it (docs/proof.md). A customer's API key, "
            + "which its programs hold, does not open this.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewPartyKey, LedgerJson.Default.PartyKey, (call, body) =>
                call.Books.RegisterPartyKeyAsync(Find(call).Id, body.Key, call.Ended));
        api.Post("revokeCustomerKey", "/api/customers/{id}/keys/revoke", "Revoke the key that a customer signs with.", KeyRole.Operator)
            .Answers(LedgerJson.Default.PartyKey, call => call.Books.RevokePartyKeyAsync(Find(call).Id, call.Ended));
        api.Post("revokeCustomer", "/api/customers/{id}/revoke", "Shut a customer's keys; what it owes stays owed.", KeyRole.Operator)
            .Answers(LedgerJson.Default.Customer, call => call.Books.RevokeCustomerAsync(call.Path("id"), call.Ended));

        api.Get(
            "listKeys", "/api/keys", "The keys without their texts, oldest first; a customer's or a party's key sees its own holder's.",
            [.. OperationCatalog.Readers, KeyRole.Customer, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.ApiKey, call => call.Read(
                (after, limit) => call.Books.ListKeys(call.Key.HolderId, after, limit), key => key.Id));
        api.Post("createKey", "/api/keys", "Issue a key. Its text is in the answer and never shown again.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewKey, LedgerJson.Default.IssuedKey, (call, body) =>
            {
                var role = BodyValues.KeyRole("role", body.Role);
                if (role != KeyRole.Customer && body.AppId is not null)
                    throw ApiException.BadField("app_id", "goes with a customer's key only.");
                return role == KeyRole.Customer
                    ? call.Books.IssueKeyAsync(
                        body.HolderId ?? throw ApiException.BadField("holder_id", "is missing: the customer."), body.Label, body.AppId,
                        call.Ended)
                    : call.Books.IssueKeyAsync(role, body.Label, body.HolderId, call.Ended);
            });
        api.Post("revokeKey", "/api/keys/{id}/revoke", "Shut a key; the next request with it is refused.", KeyRole.Operator)
            .Answers(LedgerJson.Default.ApiKey, call => call.Books.RevokeKeyAsync(call.Path("id"), call.Ended));
    }

    private static Customer Find(ApiCall call)
    {
        var id = call.Path("id");
        call.DemandOwn(id, () => ApiException.Unknown("customer", id));
        return call.Books.FindCustomer(id) ?? throw ApiException.Unknown("customer", id);
    }
}
