using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/parties</c> and <c>/api/apps</c>: who shares in what is earned, and whose apps bring it.</summary>
internal static class PartyEndpoints
{
    public static void Map(OperationCatalog api)
    {
        api.Get("listParties", "/api/parties", "The parties, oldest first; a party's key sees its own.", [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.Party, call => call.Read(
                (after, limit) => call.Books.ListParties(call.Key.HolderId, after, limit), party => party.Id));
        api.Post("createParty", "/api/parties", "Enter a party.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewParty, LedgerJson.Default.Party, (call, body) =>
                call.Books.CreatePartyAsync(body.Name, BodyValues.Role("role", body.Role), call.Ended));
        api.Get("getParty", "/api/parties/{id}", "A party; a party's key sees its own.", [.. OperationCatalog.Readers, KeyRole.Party])
            .Answers(LedgerJson.Default.Party, call =>
            {
                var id = call.Path("id");
                call.DemandOwn(id, () => ApiException.Unknown("party", id));
                return call.Books.FindParty(id) ?? throw ApiException.Unknown("party", id);
            });
        api.Post(
            "setOwnHost", "/api/parties/{id}/serves",
            "Say that this ledger's own machines are a host's from now on, for agreements that share what one host served.", KeyRole.Operator)
            .Answers(LedgerJson.Default.OwnHost, call => call.Books.SetOwnHostAsync(call.Path("id"), call.Ended));
        api.Post(
            "revokeParty", "/api/parties/{id}/revoke", "Bar a party from new agreements; what it earns by those in force stays its own.",
            KeyRole.Operator)
            .Answers(LedgerJson.Default.Party, call => call.Books.RevokePartyAsync(call.Path("id"), call.Ended));

        api.Get(
            "listPartyKeys", "/api/parties/{id}/keys", "The keys by which a party signs agreements; a party's key sees its own.",
            [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.PartyKey, call =>
            {
                var party = OwnParty(call);
                return call.Read((after, limit) => call.Books.ListPartyKeys(party, after, limit), key => key.Id);
            });
        api.Post(
            "registerPartyKey", "/api/parties/{id}/keys",
            "Register the key by which a party signs agreements from now on; where it has one, that must endorse it (docs/proof.md).",
            KeyRole.Operator, KeyRole.Party)
            .Answers(RequestJson.Default.NewPartyKey, LedgerJson.Default.PartyKey, (call, body) =>
                call.Books.RegisterPartyKeyAsync(OwnParty(call), body.Key, call.Ended));
        api.Post("revokePartyKey", "/api/parties/{id}/keys/revoke", "Revoke the key that a party has in force.", KeyRole.Operator, KeyRole.Party)
            .Answers(LedgerJson.Default.PartyKey, call => call.Books.RevokePartyKeyAsync(OwnParty(call), call.Ended));

        api.Get("listApps", "/api/apps", "The apps, oldest first; a party's key sees its own.", [.. OperationCatalog.Readers, KeyRole.Party])
            .AnswersPage(LedgerJson.Default.App, call => call.Read(
                (after, limit) => call.Books.ListApps(call.Key.HolderId, after, limit), app => app.Id));
        api.Post("createApp", "/api/apps", "Enter an app of a developer.", KeyRole.Operator)
            .Answers(RequestJson.Default.NewApp, LedgerJson.Default.App, (call, body) =>
                call.Books.CreateAppAsync(body.Name, body.DeveloperId, call.Ended));
        api.Post("revokeApp", "/api/apps/{id}/revoke", "Shut an app's keys.", KeyRole.Operator)
            .Answers(LedgerJson.Default.App, call => call.Books.RevokeAppAsync(call.Path("id"), call.Ended));
    }

    /// <summary>The party that the path names; to a party's key others are not there.</summary>
    private static string OwnParty(ApiCall call)
    {
        var id = call.Path("id");
        call.DemandOwn(id, () => ApiException.Unknown("party", id));
        return id;
    }
}
