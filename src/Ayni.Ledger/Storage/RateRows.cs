using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of exchange rates, conversions and exchanges.</summary>
internal static class RateRows
{
    private const string Columns = "SELECT version, from_currency, to_currency, per_unit, source, effective_from FROM exchange_rates";

    private static readonly PagedQuery Every = new(Columns, "version");

    private static readonly PagedQuery EveryConversion = new(
        "SELECT customer, from_currency, to_currency, owed, converted, rate FROM conversions", "customer, from_currency");

    public static long Insert(Session session, ExchangeRate rate, DateTimeOffset now) => session.Insert(
        """
        INSERT INTO exchange_rates (from_currency, to_currency, per_unit, source, effective_from, recorded)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING version
        """,
        rate.From.Code, rate.To.Code, rate.PerUnit.FormatFixed(), rate.Source, rate.EffectiveFrom.Microseconds(), now.Microseconds());

    /// <summary>Every version of every rate, oldest first.</summary>
    public static IReadOnlyList<ExchangeRate> All(Session session, long after, int limit) => Every.Query(session, after, limit).ReadAll(Read);

    public static bool Any(Session session) => session.Scalar("SELECT 1 FROM exchange_rates LIMIT 1") is not null;

    /// <summary>The rate in force: the one that took effect last, and of several at one instant the one set last.</summary>
    public static ExchangeRate? InForce(Session session, Currency from, Currency to, DateTimeOffset at)
    {
        using var row = session.Query(
            $"""
            {Columns} WHERE from_currency = $1 AND to_currency = $2 AND effective_from <= $3
            ORDER BY effective_from DESC, version DESC LIMIT 1
            """,
            from.Code, to.Code, at.Microseconds());
        return row.Read() ? Read(row) : null;
    }

    public static bool HasConversion(Session session, Conversion conversion) => session.Scalar(
        "SELECT 1 FROM conversions WHERE customer = $1 AND period = $2 AND from_currency = $3",
        conversion.CustomerId, conversion.Period.ToString(), conversion.Owed.Currency.Code) is not null;

    public static void Insert(Session session, Conversion conversion, long entry) => session.Execute(
        """
        INSERT INTO conversions (customer, period, from_currency, to_currency, owed, converted, rate, entry)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        conversion.CustomerId, conversion.Period.ToString(), conversion.Owed.Currency.Code, conversion.Converted.Currency.Code,
        conversion.Owed.FormatFixed(), conversion.Converted.FormatFixed(), conversion.RateVersion, entry);

    /// <summary>What a closing or closed period converted, in ordinal order of customer and currency; after that of such.</summary>
    public static IReadOnlyList<Conversion> Conversions(Session session, Period period, string after = "", int limit = int.MaxValue) =>
        EveryConversion.Query(session, PagedQuery.Parts(after, 2), limit, ("period = ?", period.ToString())).ReadAll(row => new Conversion(
            row.GetString(0), period, row.GetAmount(3, row.GetCurrency(1)), row.GetAmount(4, row.GetCurrency(2)), row.GetInt64(5)));

    public static BankExchange? FindExchange(Session session, string evidenceId)
    {
        using var row = session.Query(
            "SELECT period, sold_currency, sold, bought_currency, bought, gain FROM bank_exchanges WHERE evidence = $1", evidenceId);
        if (!row.Read())
            return null;
        var bought = row.GetCurrency(3);
        return new(
            evidenceId, row.GetPeriod(0), row.GetAmount(2, row.GetCurrency(1)), row.GetAmount(4, bought), row.GetAmount(5, bought));
    }

    public static void InsertExchange(Session session, BankExchange exchange, long entry) => session.Execute(
        """
        INSERT INTO bank_exchanges (evidence, period, sold_currency, sold, bought_currency, bought, gain, entry)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        exchange.EvidenceId, exchange.Period.ToString(), exchange.Sold.Currency.Code, exchange.Sold.FormatFixed(),
        exchange.Bought.Currency.Code, exchange.Bought.FormatFixed(), exchange.Gain.FormatFixed(), entry);

    private static ExchangeRate Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetCurrency(1), row.GetAmount(3, row.GetCurrency(2)), row.GetString(4), row.GetInstant(5));
}
