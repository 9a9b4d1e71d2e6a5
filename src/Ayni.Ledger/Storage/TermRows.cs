using System.Collections.Immutable;
using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of prices and agreements.</summary>
internal static class TermRows
{
    private const string PriceColumns =
        "SELECT version, model, currency, input_per_million, cached_per_million, output_per_million, effective_from, plan FROM prices";

    private static readonly PagedQuery EveryPrice = new(PriceColumns, "model, version", "SELECT model, version FROM prices WHERE version = $1");

    private static readonly PagedQuery EveryAgreement = new(
        "SELECT version, model, without_app, effective_from, document FROM agreements", "version");

    public static Price Insert(Session session, Price price)
    {
        var version = session.Insert(
            """
            INSERT INTO prices
              (model, currency, input_per_million, cached_per_million, output_per_million, effective_from, name, plan)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING version
            """,
            price.Model, price.Currency.Code, price.InputPerMillion.FormatFixed(), price.CachedPerMillion.FormatFixed(),
            price.OutputPerMillion.FormatFixed(), price.EffectiveFrom.Microseconds(), price.Plan.Name, price.Plan.ToString());
        return price with { Version = version };
    }

    /// <summary>Makes a document the next version of its agreement. Returns the version.</summary>
    public static long Insert(Session session, AgreementDocument document, DateTimeOffset effectiveFrom, DateTimeOffset? until) => session.Insert(
        """
        INSERT INTO agreements (model, effective_from, document, currency, effective_until)
        VALUES ($1, $2, $3, $4, $5) RETURNING version
        """,
        document.Terms.Model, effectiveFrom.Microseconds(), document.Id, document.Terms.Currency?.Code, until?.Microseconds());

    /// <summary>Every version of every price, by model and version.</summary>
    public static IReadOnlyList<Price> Prices(Session session, long after = 0, int limit = int.MaxValue) =>
        EveryPrice.Query(session, after, limit).ReadAll(ReadPrice);

    /// <summary>The version with a number.</summary>
    public static Price? Price(Session session, long version) =>
        session.Query($"{PriceColumns} WHERE version = $1", version).ReadFirst(ReadPrice);

    /// <summary>
    /// The price in force, everybody's or that of a named plan: the one that took effect last, and of several at one instant the one set
    /// last.
    /// </summary>
    public static Price? PriceInForce(Session session, string model, DateTimeOffset at, string? planName = null)
    {
        using var row = session.Query(
            $"""
            {PriceColumns} WHERE model = $1 AND effective_from <= $2 AND coalesce(name, '') = $3
            ORDER BY effective_from DESC, version DESC LIMIT 1
            """,
            model, at.Microseconds(), planName ?? "");
        return row.Read() ? ReadPrice(row) : null;
    }

    /// <summary>
    /// The price a customer's request pays: that of the plan it subscribes to for the month, or everybody's; of a customer with fake money,
    /// the one in fake money.
    /// </summary>
    public static Price? PriceFor(Session session, Customer customer, string model, DateTimeOffset at)
    {
        var subscriptions = SubscriptionRows.OfCustomer(session, customer.Id);
        if (subscriptions.Count > 0)
        {
            var month = LedgerRows.Zone(session).PeriodOf(at);
            foreach (var subscription in subscriptions.Where(subscription => subscription.Covers(month) && subscription.Created <= at))
            {
                if (PriceInForce(session, model, at, subscription.PlanName) is { } price)
                    return price;
            }
        }
        return PriceInForce(session, model, at, customer.Currency.IsTest ? PricePlan.TestName : null);
    }

    /// <summary>A named plan as it is in force, whichever of its models it was set for.</summary>
    public static PricePlan? PlanInForce(Session session, string planName, DateTimeOffset at)
    {
        using var row = session.Query(
            $"{PriceColumns} WHERE name = $1 AND effective_from <= $2 ORDER BY effective_from DESC, version DESC LIMIT 1",
            planName, at.Microseconds());
        return row.Read() ? ReadPrice(row).Plan : null;
    }

    /// <summary>
    /// The agreement in force: the model's own before the one for every model, then as with prices. One that has ended makes room for none
    /// before it.
    /// </summary>
    public static AgreementInForce? AgreementInForce(Session session, string model, DateTimeOffset at)
    {
        using (var row = session.Query(
            """
            SELECT version, currency, effective_until FROM agreements WHERE model = $1 AND effective_from <= $2
            ORDER BY effective_from DESC, version DESC LIMIT 1
            """,
            model, at.Microseconds()))
        {
            if (ReadInForce(row, at) is { } own)
                return own;
        }
        using (var row = session.Query(
            """
            SELECT version, currency, effective_until FROM agreements WHERE model IS NULL AND effective_from <= $1
            ORDER BY effective_from DESC, version DESC LIMIT 1
            """,
            at.Microseconds()))
            return ReadInForce(row, at);
    }

    /// <summary>
    /// When prices, agreements, exchange rates or subscriptions last began or ended up to an instant, and when they next will.
    /// </summary>
    public static (DateTimeOffset? Last, DateTimeOffset? Next) ChangesAround(Session session, DateTimeOffset at)
    {
        using var row = session.Query(
            """
            SELECT max(CASE WHEN at <= $1 THEN at END), min(CASE WHEN at > $1 THEN at END) FROM (
              SELECT effective_from AS at FROM prices
              UNION ALL SELECT effective_from FROM agreements
              UNION ALL SELECT effective_until FROM agreements
              UNION ALL SELECT effective_from FROM exchange_rates
              UNION ALL SELECT created FROM subscriptions) AS changes
            """,
            at.Microseconds());
        row.Read();
        return (row.GetInstantOrNull(0), row.GetInstantOrNull(1));
    }

    /// <summary>Every version of every agreement, by version.</summary>
    public static IReadOnlyList<Agreement> Agreements(Session session, long after = 0, int limit = int.MaxValue)
    {
        var rows = EveryAgreement.Query(session, after, limit).ReadAll(row => (
            Agreement: new Agreement(row.GetInt64(0), row.GetText(1), [], row.GetText(2), row.GetInstant(3)),
            Document: row.IsDBNull(4) ? (long?)null : row.GetInt64(4)));
        var documents = rows.Max(row => row.Document) is { } last
            ? AgreementRows.Documents(session, rows.Min(row => row.Document)!.Value, last).ToDictionary(document => document.Id)
            : [];
        var roles = new Dictionary<string, Role>(StringComparer.Ordinal);
        return rows.ConvertAll(row =>
        {
            var (version, effectiveFrom) = (row.Agreement.Version, row.Agreement.EffectiveFrom);
            if (row.Document is not { } document)
                return row.Agreement with { Shares = Shares(session, version) };
            if (!documents.TryGetValue(document, out var terms))
                throw Rows.Damaged($"agreement version {version} without its document");
            var agreement = Agreement.Of(version, terms, effectiveFrom);
            return agreement with { Shares = [.. agreement.Shares.Select(Known)] };
        });

        Share Known(Share share)
        {
            if (share.PartyId is not { } id)
                return share;
            if (!roles.TryGetValue(id, out var role))
                roles.Add(id, role = (RegistryRows.Party(session, id) ?? throw Rows.Damaged($"a share of '{id}', who is no party")).Role);
            return share with { Role = role };
        }
    }

    /// <summary>How many versions of agreements there are.</summary>
    public static long AgreementCount(Session session) => session.Scalar("SELECT count(*) FROM agreements") is long count ? count : 0;

    private static AgreementInForce? ReadInForce(DbDataReader row, DateTimeOffset at) =>
        row.Read() && (row.IsDBNull(2) || at < row.GetInstant(2))
            ? new(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetCurrency(1))
            : null;

    private static ImmutableArray<Share> Shares(Session session, long agreement)
    {
        var shares = ImmutableArray.CreateBuilder<Share>();
        using var row = session.Query("SELECT role, party, parts_per_million FROM shares WHERE agreement = $1 ORDER BY line", agreement);
        while (row.Read())
            shares.Add(new(row.GetRole(0), row.GetText(1), row.GetInt32(2)));
        return shares.ToImmutable();
    }

    private static Price ReadPrice(DbDataReader row)
    {
        var (version, model, effectiveFrom) = (row.GetInt64(0), row.GetString(1), row.GetInstant(6));
        if (row.GetText(7) is not { } plan)
        {
            var currency = row.GetCurrency(2);
            return new(version, model, row.GetAmount(3, currency), row.GetAmount(4, currency), row.GetAmount(5, currency), effectiveFrom);
        }
        try
        {
            return new(version, model, PlanReader.Read(DocumentFields.ParseStored($"price version {version}", plan), LedgerZone.Utc).Plan, effectiveFrom);
        }
        catch (DocumentException error)
        {
            throw Rows.Damaged($"a plan that is none ({error.Message})");
        }
    }
}

/// <summary>The agreement in force at an instant.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Currency">The only currency it shares; null for any.</param>
internal readonly record struct AgreementInForce(long Version, Currency? Currency);
