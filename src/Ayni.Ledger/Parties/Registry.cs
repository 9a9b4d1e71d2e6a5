namespace Ayni.Ledger;

/// <summary>Enters and revokes parties, customers, apps and keys. Each method is one job of the writer: it refuses, or it writes.</summary>
internal sealed class Registry(Identifiers identifiers)
{
    public Party CreateParty(Transaction transaction, string name, Role role)
    {
        var party = new Party(identifiers.New("pty"), Text.Demand(name, "party's name"), role, transaction.Now, null);
        RegistryRows.Insert(transaction.Session, party);
        transaction.Note("create_party", party.Id, null, party, LedgerJson.Default.Party);
        return party;
    }

    public Customer CreateCustomer(Transaction transaction, string name, Currency currency, Amount? spendingLimit)
    {
        DemandLimit(spendingLimit, currency);
        var customer = new Customer(
            identifiers.New("cus"), Text.Demand(name, "customer's name"), currency, spendingLimit, transaction.Now, null);
        RegistryRows.Insert(transaction.Session, customer);
        transaction.Note("create_customer", customer.Id, null, customer, LedgerJson.Default.Customer);
        return customer;
    }

    public App CreateApp(Transaction transaction, string name, string developerId)
    {
        var developer = DemandParty(transaction, developerId);
        if (developer.Role != Role.Developer)
            throw new LedgerRefusedException(
                Refusal.NotADeveloper,
                $"{developerId} is a {developer.Role.Name()}; an app belongs to a party with the role of a developer.");
        var app = new App(identifiers.New("app"), Text.Demand(name, "app's name"), developerId, transaction.Now, null);
        RegistryRows.Insert(transaction.Session, app);
        transaction.Note("create_app", app.Id, null, app, LedgerJson.Default.App);
        return app;
    }

    public IssuedKey IssueKey(Transaction transaction, string customerId, string label, string? appId, bool isDemo)
    {
        DemandInForce(DemandCustomer(transaction, customerId).Revoked, customerId);
        if (appId is not null)
            DemandInForce(DemandApp(transaction, appId).Revoked, appId);
        return Issue(transaction, KeyRole.Customer, customerId, appId, label, isDemo);
    }

    /// <summary>
    /// Issues a key of any role but the customer's. A party's may be revoked, since what it earned stays its own to see; a meter's may name
    /// the host that it reports for.
    /// </summary>
    public IssuedKey IssueKey(Transaction transaction, KeyRole role, string? partyId, string label)
    {
        if (role == KeyRole.Customer || (role != KeyRole.Meter && (role == KeyRole.Party) != (partyId is not null)))
            throw new LedgerRefusedException(
                Refusal.InvalidKeyRole,
                "A customer's key names its customer, a party's key its party, a meter's perhaps its host, and a key of any other role nobody.");
        if (partyId is not null && role == KeyRole.Meter)
            DemandHost(transaction, partyId);
        if (partyId is not null && RegistryRows.Party(transaction.Session, partyId) is null)
            throw Unknown(Refusal.UnknownParty, "party", partyId);
        return Issue(transaction, role, partyId, null, label, isDemo: false);
    }

    private IssuedKey Issue(Transaction transaction, KeyRole role, string? holderId, string? appId, string label, bool isDemo)
    {
        var key = new ApiKey(
            identifiers.New("key"), role, holderId, appId, Text.Demand(label, "key's label"), isDemo, transaction.Now, null);
        var text = new KeyText(key.Id, identifiers.NewSecret());
        RegistryRows.Insert(transaction.Session, key, text.SecretHash);
        transaction.Note("issue_key", key.Id, null, key, LedgerJson.Default.ApiKey);
        return new(key, text.ToString());
    }

    public static Customer SetSpendingLimit(Transaction transaction, string customerId, Amount? limit)
    {
        var customer = DemandCustomer(transaction, customerId);
        DemandLimit(limit, customer.Currency);
        RegistryRows.SetSpendingLimit(transaction.Session, customerId, limit);
        transaction.NoteLimitsChanged();
        var limited = customer with { SpendingLimit = limit };
        transaction.Note("set_spending_limit", customerId, customer, limited, LedgerJson.Default.Customer);
        return limited;
    }

    /// <summary>Says whose the ledger's own machines are from now on.</summary>
    public static OwnHost SetOwnHost(Transaction transaction, string partyId)
    {
        DemandHost(transaction, partyId);
        var host = new OwnHost(transaction.Now, partyId);
        FactRows.Insert(transaction.Session, host);
        transaction.Note("set_own_host", partyId, null, host, LedgerJson.Default.OwnHost);
        return host;
    }

    /// <summary>Demands a party that is a host and in force.</summary>
    public static Party DemandHost(Transaction transaction, string partyId)
    {
        var party = DemandParty(transaction, partyId);
        return party.Role == Role.Host
            ? party
            : throw new LedgerRefusedException(Refusal.NotAHost, $"{partyId} is a {party.Role.Name()}; who serves has the role of a host.");
    }

    public static CustomerOwner SetOwner(Transaction transaction, string customerId, string? ownerId)
    {
        DemandCustomer(transaction, customerId);
        if (ownerId is not null)
            DemandParty(transaction, ownerId);
        var owner = new CustomerOwner(customerId, transaction.Now, ownerId);
        FactRows.Insert(transaction.Session, owner);
        transaction.Note("set_customer_owner", customerId, null, owner, LedgerJson.Default.CustomerOwner);
        return owner;
    }

    // Revoking twice changes nothing: the first instant stays.

    public static Party RevokeParty(Transaction transaction, string partyId)
    {
        var party = RegistryRows.Party(transaction.Session, partyId) ?? throw Unknown(Refusal.UnknownParty, "party", partyId);
        if (party.Revoked is not null)
            return party;
        RegistryRows.RevokeParty(transaction.Session, partyId, transaction.Now);
        var revoked = party with { Revoked = transaction.Now };
        transaction.Note("revoke_party", partyId, party, revoked, LedgerJson.Default.Party);
        return revoked;
    }

    public static Customer RevokeCustomer(Transaction transaction, string customerId)
    {
        var customer = DemandCustomer(transaction, customerId);
        if (customer.Revoked is not null)
            return customer;
        RegistryRows.RevokeCustomer(transaction.Session, customerId, transaction.Now);
        var revoked = customer with { Revoked = transaction.Now };
        transaction.Note("revoke_customer", customerId, customer, revoked, LedgerJson.Default.Customer);
        return revoked;
    }

    public static App RevokeApp(Transaction transaction, string appId)
    {
        var app = DemandApp(transaction, appId);
        if (app.Revoked is not null)
            return app;
        RegistryRows.RevokeApp(transaction.Session, appId, transaction.Now);
        var revoked = app with { Revoked = transaction.Now };
        transaction.Note("revoke_app", appId, app, revoked, LedgerJson.Default.App);
        return revoked;
    }

    public static ApiKey RevokeKey(Transaction transaction, string keyId)
    {
        var key = RegistryRows.Key(transaction.Session, keyId) ?? throw Unknown(Refusal.UnknownKey, "key", keyId);
        if (key.Revoked is not null)
            return key;
        RegistryRows.RevokeKey(transaction.Session, keyId, transaction.Now);
        var revoked = key with { Revoked = transaction.Now };
        transaction.Note("revoke_key", keyId, key, revoked, LedgerJson.Default.ApiKey);
        return revoked;
    }

    /// <summary>The party with an id, if it may enter into something new.</summary>
    public static Party DemandParty(Transaction transaction, string partyId)
    {
        var party = RegistryRows.Party(transaction.Session, partyId) ?? throw Unknown(Refusal.UnknownParty, "party", partyId);
        DemandInForce(party.Revoked, partyId);
        return party;
    }

    public static LedgerRefusedException Unknown(Refusal refusal, string kind, string id) => new(refusal, $"There is no {kind} '{id}'.");

    private static Customer DemandCustomer(Transaction transaction, string customerId) =>
        RegistryRows.Customer(transaction.Session, customerId) ?? throw Unknown(Refusal.UnknownCustomer, "customer", customerId);

    private static App DemandApp(Transaction transaction, string appId) =>
        RegistryRows.App(transaction.Session, appId) ?? throw Unknown(Refusal.UnknownApp, "app", appId);

    private static void DemandInForce(DateTimeOffset? revoked, string id)
    {
        if (revoked is not null)
            throw new LedgerRefusedException(Refusal.Revoked, $"{id} was revoked; enter a new one.");
    }

    private static void DemandLimit(Amount? limit, Currency currency)
    {
        if (limit is { } amount && (amount.Currency != currency || amount.Sign < 0))
            throw new LedgerRefusedException(
                Refusal.InvalidSpendingLimit,
                $"A spending limit of {amount} does not suit a customer charged in {currency}; give zero or more {currency}.");
    }
}
