using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of agreements' documents, acceptances and what is carried for shares.</summary>
internal static class AgreementRows
{
    public static AgreementDocument Insert(Session session, AgreementTerms terms, DateTimeOffset now)
    {
        var canonical = TermsText.Write(terms);
        var id = session.Insert(
            "INSERT INTO agreement_documents (name, canonical, recorded) VALUES ($1, $2, $3) RETURNING id",
            terms.Name, canonical, now.Microseconds());
        return new(id, terms.Name, canonical, now, null, []);
    }

    public static void Insert(Session session, long document, Acceptance acceptance)
    {
        if (acceptance.Signature is { } signature)
            PartyKeyRows.InsertSignature(
                session, document, PartyKeyRows.InForce(session, acceptance.PartyId)!, Convert.FromBase64String(signature), acceptance.AcceptedAt);
        else
            session.Execute(
                "INSERT INTO acceptances (document, party, accepted, note, recorded_by) VALUES ($1, $2, $3, $4, $5)",
                document, acceptance.PartyId, acceptance.AcceptedAt.Microseconds(), acceptance.Evidence, acceptance.RecordedBy);
    }

    /// <summary>A document; null if there is none of the number.</summary>
    public static AgreementDocument? Find(Session session, long id) =>
        Documents(session, id, id) is [var document] ? document : null;

    /// <summary>A document. Throws <see cref="LedgerRefusedException"/> if there is none of the number.</summary>
    public static AgreementDocument Document(Session session, long id) => Find(session, id)
        ?? throw new LedgerRefusedException(Refusal.UnknownDocument, $"There is no agreement's document {id}.");

    /// <summary>
    /// The documents from one to another in the order of their ids. What a party accepted without a signature before it had a key counts
    /// only if the document was in force by then.
    /// </summary>
    public static IReadOnlyList<AgreementDocument> Documents(Session session, long first = 1, long last = long.MaxValue)
    {
        var acceptances = new Dictionary<long, List<Acceptance>>();
        var signers = PartyKeyRows.Signers(session);
        foreach (var (document, acceptance) in PartyKeyRows.Signatures(session, first, last))
        {
            if (!acceptances.TryGetValue(document, out var list))
                acceptances.Add(document, list = []);
            list.Add(acceptance);
        }
        using (var row = session.Query(
            "SELECT document, party, accepted, note, recorded_by FROM acceptances WHERE document BETWEEN $1 AND $2 ORDER BY document, party",
            first, last))
        {
            while (row.Read())
            {
                if (!acceptances.TryGetValue(row.GetInt64(0), out var list))
                    acceptances.Add(row.GetInt64(0), list = []);
                list.Add(new(row.GetString(1), row.GetInstant(2), row.GetText(3), row.GetText(4)));
            }
        }
        var documents = new List<AgreementDocument>();
        using (var row = session.Query(
            """
            SELECT d.id, d.name, d.canonical, d.recorded, a.version
            FROM agreement_documents d LEFT JOIN agreements a ON a.document = d.id WHERE d.id BETWEEN $1 AND $2 ORDER BY d.id
            """,
            first, last))
        {
            while (row.Read())
                documents.Add(new(
                    row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInstant(3), row.IsDBNull(4) ? null : row.GetInt64(4),
                    [
                        .. acceptances.GetValueOrDefault(row.GetInt64(0), [])
                            .Where(acceptance => acceptance.Signature is not null || !row.IsDBNull(4) || !signers.Contains(acceptance.PartyId))
                            .DistinctBy(acceptance => acceptance.PartyId).OrderBy(acceptance => acceptance.PartyId, StringComparer.Ordinal),
                    ]));
        }
        return documents;
    }

    /// <summary>At most so many documents after one.</summary>
    public static IReadOnlyList<AgreementDocument> Documents(Session session, long after, int limit) =>
        session.Query("SELECT id FROM agreement_documents WHERE id > $1 ORDER BY id LIMIT $2", after, limit).ReadAll(row => row.GetInt64(0))
            is [var first, ..] ids ? Documents(session, first, ids[^1]) : [];

    public static void Insert(Session session, Period period, long version, ShareKey key, Period month, ShareCarry carry) => session.Execute(
        """
        INSERT INTO share_carries (
          period, month, version, agreement, share, developer, currency, base, carried_deductions, topped_up, advanced, recouped, paid, revenue)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        period.ToString(), month.ToString(), version, key.Agreement, key.Share, key.DeveloperId, key.Currency.Code,
        carry.Base.FormatFixed(), carry.CarriedDeductions.FormatFixed(), carry.ToppedUp.FormatFixed(), carry.Advanced.FormatFixed(),
        carry.Recouped.FormatFixed(), carry.Paid.FormatFixed(), carry.Revenue.FormatFixed());

    /// <summary>What the closes before a period add up to.</summary>
    public static ShareHistory HistoryBefore(Session session, Period period)
    {
        var history = new ShareHistory();
        foreach (var (key, month, carry) in CarriesBefore(session, period))
            history.Add(key, month, carry);
        return history;
    }

    /// <summary>What each close before a period added to what is carried for a share.</summary>
    public static IReadOnlyList<(ShareKey Key, Period Month, ShareCarry Carry)> CarriesBefore(Session session, Period period) =>
        Carries(session, "period < $1", period);

    /// <summary>What a period's close added to what is carried for a share.</summary>
    public static IReadOnlyList<(ShareKey Key, Period Month, ShareCarry Carry)> CarriesOf(Session session, Period period) =>
        Carries(session, "period = $1", period);

    private static List<(ShareKey Key, Period Month, ShareCarry Carry)> Carries(Session session, string where, Period period)
    {
        var carries = new List<(ShareKey, Period, ShareCarry)>();
        using var row = session.Query(
            $"""
            SELECT agreement, share, developer, currency, month, coalesce(revenue, base), base, carried_deductions, topped_up, advanced,
              recouped, paid
            FROM share_carries WHERE {where} ORDER BY period, version, share, developer, currency, month
            """,
            period.ToString());
        while (row.Read())
        {
            var currency = row.GetCurrency(3);
            carries.Add((
                new(row.GetString(0), row.GetString(1), row.GetString(2), currency), row.GetPeriod(4),
                new(
                    row.GetAmount(5, currency), row.GetAmount(6, currency), row.GetAmount(7, currency), row.GetAmount(8, currency),
                    row.GetAmount(9, currency), row.GetAmount(10, currency), row.GetAmount(11, currency))));
        }
        return carries;
    }

    public static void Insert(Session session, CollectedRevenue collection, DateTimeOffset now) => session.Execute(
        "INSERT INTO collections (evidence, period, model, app, currency, amount, recorded, no_app) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        collection.EvidenceId, collection.Period.ToString(), collection.Model, collection.AppId, collection.Amount.Currency.Code,
        collection.Amount.FormatFixed(), now.Microseconds(), collection.IsOfNoApp ? 1 : 0);

    /// <summary>The number of the last collection; 0 before the first.</summary>
    public static long LastCollection(Session session) => (long)session.Scalar("SELECT coalesce(max(id), 0) FROM collections")!;

    /// <summary>The collection with the same evidence, model and app.</summary>
    public static CollectedRevenue? Find(Session session, CollectedRevenue collection)
    {
        using var row = session.Query(
            $"{CollectionColumns} WHERE evidence = $1 AND model = $2 AND coalesce(app, '') = $3",
            collection.EvidenceId, collection.Model, collection.AppId ?? "");
        return row.Read() ? ReadCollection(row) : null;
    }

    /// <summary>The collections that count in a period, in order of evidence, model and app.</summary>
    public static IReadOnlyList<CollectedRevenue> Collections(Session session, Period period)
    {
        var collections = new List<CollectedRevenue>();
        using (var row = session.Query($"{CollectionColumns} WHERE period = $1", period.ToString()))
        {
            while (row.Read())
                collections.Add(ReadCollection(row));
        }
        return
        [
            .. collections.OrderBy(collection => collection.EvidenceId, StringComparer.Ordinal)
                .ThenBy(collection => collection.Model, StringComparer.Ordinal).ThenBy(collection => collection.AppId, StringComparer.Ordinal),
        ];
    }

    private const string CollectionColumns = "SELECT evidence, period, model, app, currency, amount, no_app FROM collections";

    private static CollectedRevenue ReadCollection(DbDataReader row) =>
        new(row.GetString(0), row.GetPeriod(1), row.GetString(2), row.GetText(3), row.GetAmount(5, row.GetCurrency(4)), row.GetInt64(6) == 1);
}
