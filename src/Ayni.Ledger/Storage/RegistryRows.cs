using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of parties, customers, apps and keys.</summary>
internal static class RegistryRows
{
    private const string PartyColumns = "SELECT id, name, role, created, revoked FROM parties";
    private const string CustomerColumns = "SELECT id, name, currency, spending_limit, created, revoked FROM customers";
    private const string AppColumns = "SELECT id, name, developer, created, revoked FROM apps";
    private const string KeyColumns = "SELECT id, role, coalesce(customer, party), app, label, demo, created, revoked FROM keys";

    private static readonly PagedQuery AllParties = new(PartyColumns, "rowid", "SELECT rowid FROM parties WHERE id = $1");
    private static readonly PagedQuery AllCustomers = new(CustomerColumns, "rowid", "SELECT rowid FROM customers WHERE id = $1");
    private static readonly PagedQuery AllApps = new(AppColumns, "rowid", "SELECT rowid FROM apps WHERE id = $1");
    private static readonly PagedQuery AllKeys = new(KeyColumns, "rowid", "SELECT rowid FROM keys WHERE id = $1");

    public static void Insert(Session session, Party party) => session.Execute(
        "INSERT INTO parties (id, name, role, created) VALUES ($1, $2, $3, $4)",
        party.Id, party.Name, party.Role.Name(), party.Created.Microseconds());

    public static void Insert(Session session, Customer customer) => session.Execute(
        "INSERT INTO customers (id, name, currency, spending_limit, created) VALUES ($1, $2, $3, $4, $5)",
        customer.Id, customer.Name, customer.Currency.Code, customer.SpendingLimit?.FormatFixed(), customer.Created.Microseconds());

    public static void Insert(Session session, App app) => session.Execute(
        "INSERT INTO apps (id, name, developer, created) VALUES ($1, $2, $3, $4)",
        app.Id, app.Name, app.DeveloperId, app.Created.Microseconds());

    public static void Insert(Session session, ApiKey key, Digest secretHash) => session.Execute(
        "INSERT INTO keys (id, role, customer, party, app, label, demo, secret_hash, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        key.Id, key.Role.Name(), key.Role == KeyRole.Customer ? key.HolderId : null, key.Role == KeyRole.Customer ? null : key.HolderId,
        key.AppId, key.Label, key.IsDemo ? 1 : 0, secretHash.ToBytes(), key.Created.Microseconds());

    /// <summary>Parties, oldest first.</summary>
    public static IReadOnlyList<Party> Parties(Session session, string? only = null, string after = "", int limit = int.MaxValue) =>
        AllParties.Query(session, after, limit, ("id = ?", only)).ReadAll(ReadParty);

    /// <summary>Customers, oldest first.</summary>
    public static IReadOnlyList<Customer> Customers(Session session, string? only = null, string after = "", int limit = int.MaxValue) =>
        AllCustomers.Query(session, after, limit, ("id = ?", only)).ReadAll(ReadCustomer);

    /// <summary>Apps, oldest first; a developer's, or every one.</summary>
    public static IReadOnlyList<App> Apps(Session session, string? developerId = null, string after = "", int limit = int.MaxValue) =>
        AllApps.Query(session, after, limit, ("developer = ?", developerId)).ReadAll(ReadApp);

    /// <summary>Keys, oldest first; a customer's or party's, or every one.</summary>
    public static IReadOnlyList<ApiKey> Keys(Session session, string? holderId = null, string after = "", int limit = int.MaxValue) =>
        AllKeys.Query(session, after, limit, ("(customer = ? OR party = ?)", holderId)).ReadAll(ReadKey);

    public static Party? Party(Session session, string id) => session.Query($"{PartyColumns} WHERE id = $1", id).ReadFirst(ReadParty);

    public static Customer? Customer(Session session, string id) =>
        session.Query($"{CustomerColumns} WHERE id = $1", id).ReadFirst(ReadCustomer);

    /// <summary>Calls back with each customer of these. On a server only.</summary>
    public static void ForEachCustomer(Session session, string[] ids, Action<Customer> each) =>
        session.Query($"{CustomerColumns} WHERE id = ANY($1)", (object)ids).ReadAll(ReadCustomer).ForEach(each);

    public static App? App(Session session, string id) => session.Query($"{AppColumns} WHERE id = $1", id).ReadFirst(ReadApp);

    public static ApiKey? Key(Session session, string id) => session.Query($"{KeyColumns} WHERE id = $1", id).ReadFirst(ReadKey);

    public static void RevokeParty(Session session, string id, DateTimeOffset now) =>
        session.Execute("UPDATE parties SET revoked = $2 WHERE id = $1", id, now.Microseconds());

    public static void RevokeCustomer(Session session, string id, DateTimeOffset now) =>
        session.Execute("UPDATE customers SET revoked = $2 WHERE id = $1", id, now.Microseconds());

    public static void RevokeApp(Session session, string id, DateTimeOffset now) =>
        session.Execute("UPDATE apps SET revoked = $2 WHERE id = $1", id, now.Microseconds());

    public static void RevokeKey(Session session, string id, DateTimeOffset now) =>
        session.Execute("UPDATE keys SET revoked = $2 WHERE id = $1", id, now.Microseconds());

    public static void SetSpendingLimit(Session session, string id, Amount? limit) =>
        session.Execute("UPDATE customers SET spending_limit = $2 WHERE id = $1", id, limit?.FormatFixed());

    /// <summary>
    /// A key that opens something, with its secret's hash; null if it is unknown, or it, its customer or its app is revoked.
    /// </summary>
    public static ValidKey? ValidKey(Session session, string id)
    {
        using var row = session.Query(
            """
            SELECT k.id, k.role, coalesce(k.customer, k.party), k.app, k.label, k.demo, k.created, k.revoked, k.secret_hash
            FROM keys k LEFT JOIN customers c ON c.id = k.customer LEFT JOIN apps a ON a.id = k.app
            WHERE k.id = $1 AND k.revoked IS NULL AND c.revoked IS NULL AND a.revoked IS NULL
            """,
            id);
        return row.Read() ? new(ReadKey(row), Digest.FromBytes(row.GetFieldValue<byte[]>(8))) : null;
    }

    private static Party ReadParty(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetRole(2)!.Value, row.GetInstant(3), row.GetInstantOrNull(4));

    private static Customer ReadCustomer(DbDataReader row)
    {
        var currency = row.GetCurrency(2);
        var limit = row.IsDBNull(3) ? (Amount?)null : row.GetAmount(3, currency);
        return new(row.GetString(0), row.GetString(1), currency, limit, row.GetInstant(4), row.GetInstantOrNull(5));
    }

    private static App ReadApp(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInstant(3), row.GetInstantOrNull(4));

    private static ApiKey ReadKey(DbDataReader row) =>
        new(
            row.GetString(0), KeyRoleNames.TryParse(row.GetString(1), out var role) ? role : throw Rows.Damaged($"a key's role '{row.GetString(1)}'"),
            row.GetText(2), row.GetText(3), row.GetString(4), row.GetInt64(5) != 0, row.GetInstant(6), row.GetInstantOrNull(7));
}
