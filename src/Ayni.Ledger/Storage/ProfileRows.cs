namespace Ayni.Ledger;

/// <summary>The SQL of customers' profiles and parties' details, each followed by later ones and never changed.</summary>
internal static class ProfileRows
{
    public static void Insert(Session session, string customerId, CustomerProfile profile) => session.Execute(
        "INSERT INTO customer_profiles (customer, effective_from, territory, owner) VALUES ($1, $2, $3, $4)",
        customerId, profile.EffectiveFrom.Microseconds(), profile.Territory, profile.OwnerId);

    /// <summary>Every customer's profiles in the order in which they take effect.</summary>
    public static CustomerProfiles Profiles(Session session)
    {
        var profiles = new CustomerProfiles();
        using var row = session.Query(
            "SELECT customer, effective_from, territory, owner FROM customer_profiles ORDER BY customer, effective_from, id");
        while (row.Read())
            profiles.Add(row.GetString(0), new(row.GetInstant(1), row.GetText(2), row.GetText(3)));
        return profiles;
    }

    public static void Insert(Session session, string partyId, PartyDetails details, DateTimeOffset now) => session.Execute(
        "INSERT INTO party_details (party, recorded, legal_name, tax_id, address) VALUES ($1, $2, $3, $4, $5)",
        partyId, now.Microseconds(), details.LegalName, details.TaxId, details.Address);

    /// <summary>What was known of a party at an instant; nothing known if nothing was recorded.</summary>
    public static PartyDetails Details(Session session, string partyId, DateTimeOffset at)
    {
        using var row = session.Query(
            """
            SELECT legal_name, tax_id, address FROM party_details WHERE party = $1 AND recorded <= $2
            ORDER BY recorded DESC, id DESC LIMIT 1
            """,
            partyId, at.Microseconds());
        return row.Read() ? new(row.GetText(0), row.GetText(1), row.GetText(2)) : PartyDetails.Unknown;
    }
}
