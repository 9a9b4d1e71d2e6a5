namespace Ayni.Ledger;

/// <summary>The SQL of what settlements and statements know of customers and parties beside their names.</summary>
internal static class FactRows
{
    public static void Insert(Session session, CustomerOwner owner) => session.Execute(
        "INSERT INTO customer_owners (customer, effective_from, owner) VALUES ($1, $2, $3)",
        owner.CustomerId, owner.EffectiveFrom.Microseconds(), owner.OwnerId);

    public static void Insert(Session session, OwnHost host) => session.Execute(
        "INSERT INTO own_hosts (effective_from, party) VALUES ($1, $2)", host.EffectiveFrom.Microseconds(), host.PartyId);

    /// <summary>Every customer's countries and owners, and who served.</summary>
    public static RevenueFacts Revenue(Session session)
    {
        var facts = new RevenueFacts();
        using (var row = session.Query("SELECT subject, recorded, country FROM billing ORDER BY subject, version"))
        {
            while (row.Read())
                facts.AddCountry(row.GetString(0), row.GetInstant(1), row.GetString(2));
        }
        using (var row = session.Query("SELECT customer, effective_from, owner FROM customer_owners ORDER BY customer, effective_from, id"))
        {
            while (row.Read())
                facts.AddOwner(row.GetString(0), row.GetInstant(1), row.GetText(2));
        }
        using (var row = session.Query("SELECT id, party FROM keys WHERE role = 'meter' AND party IS NOT NULL"))
        {
            while (row.Read())
                facts.AddMeter(row.GetString(0), row.GetString(1));
        }
        using (var row = session.Query("SELECT effective_from, party FROM own_hosts ORDER BY effective_from, id"))
        {
            while (row.Read())
                facts.AddOwnHost(new(row.GetInstant(0), row.GetString(1)));
        }
        facts.AddReplacements(TermRows.Agreements(session));
        return facts;
    }

    /// <summary>What was known of a party for invoices at an instant; null if nothing was.</summary>
    public static BillingDetails? Billing(Session session, string partyId, DateTimeOffset at) =>
        session.Scalar("SELECT max(version) FROM billing WHERE subject = $1 AND recorded <= $2", partyId, at.Microseconds()) is long version
            ? InvoiceRows.Details(session, partyId, version)
            : null;
}
