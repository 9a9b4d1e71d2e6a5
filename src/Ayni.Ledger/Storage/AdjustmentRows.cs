using System.Collections.Immutable;
using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of adjustments.</summary>
internal static class AdjustmentRows
{
    private const string Columns =
        "SELECT number, type, customer, subject, period, service_period, currency, amount, explanation FROM adjustments";

    private static readonly PagedQuery Every = new(
        Columns, "number",
        "SELECT number FROM adjustments WHERE period = $1 AND customer = $2 AND subject = $3 AND service_period = $4 AND type = $5 AND currency = $6");

    public static long LastNumber(Session session) => (long)session.Scalar("SELECT coalesce(max(number), 0) FROM adjustments")!;

    /// <summary>Whether the period has it already.</summary>
    public static bool Has(Session session, Adjustment adjustment) => session.Scalar(
        """
        SELECT 1 FROM adjustments
        WHERE period = $1 AND customer = $2 AND subject = $3 AND service_period = $4 AND type = $5 AND currency = $6
        """,
        adjustment.Period.ToString(), adjustment.CustomerId, adjustment.Subject, adjustment.ServicePeriod.ToString(),
        adjustment.Type.Name(), adjustment.Currency.Code) is not null;

    public static void Insert(Session session, Adjustment adjustment, long entry)
    {
        session.Execute(
            """
            INSERT INTO adjustments (number, type, customer, subject, period, service_period, currency, amount, explanation, entry)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            adjustment.Number, adjustment.Type.Name(), adjustment.CustomerId, adjustment.Subject, adjustment.Period.ToString(),
            adjustment.ServicePeriod.ToString(), adjustment.Currency.Code, adjustment.Amount.FormatFixed(), adjustment.Explanation, entry);
        for (var line = 0; line < adjustment.Parts.Length; line++)
        {
            var (share, amount) = adjustment.Parts[line];
            session.Execute(
                """
                INSERT INTO adjustment_parts (adjustment, line, model, app, adapter, agreement, amount, host)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                adjustment.Number, line, share.Model, share.AppId, share.Adapter, share.AgreementVersion, amount.FormatFixed(), share.HostId);
        }
    }

    /// <summary>The adjustments of a period in order of their numbers, after the one of a key.</summary>
    public static IReadOnlyList<Adjustment> Of(Session session, Period period, string after = "", int limit = int.MaxValue) =>
        Read(session, Every.Query(session, PlaceOf(period, after), limit, ("period = ?", period.ToString())));

    /// <summary>The adjustments of an account's month that periods before one posted.</summary>
    public static IReadOnlyList<Adjustment> Earlier(Session session, MonthAccount account, Period before) =>
        [
            .. Read(
                session,
                Every.Query(
                    session, ("period < ?", before.ToString()), ("customer = ?", account.CustomerId), ("subject = ?", account.Scope),
                    ("service_period = ?", account.Month.ToString()))).Where(adjustment => adjustment.Currency == account.Currency),
        ];

    /// <summary>What an adjustment's entry moves on the account it stands on first.</summary>
    public static Amount PostedAmount(Session session, long number)
    {
        using var row = session.Query(
            """
            SELECT p.amount, a.currency
            FROM adjustments d JOIN postings p ON p.entry = d.entry AND p.line = 0 JOIN accounts a ON a.id = p.account
            WHERE d.number = $1
            """,
            number);
        return row.Read() ? row.GetAmount(0, row.GetCurrency(1)) : throw Rows.Damaged($"adjustment {number} without an entry");
    }

    /// <summary>The parts of an adjustment's key (<see cref="Adjustment.Key"/>); its subject may hold slashes.</summary>
    private static object[] PlaceOf(Period period, string key)
    {
        if (key.Length == 0)
            return [];
        var parts = key.Split('/');
        return parts.Length >= 5
            ? [period.ToString(), parts[0], string.Join('/', parts[1..^3]), .. parts[^3..]]
            : throw PagedQuery.Unknown(key);
    }

    private static List<Adjustment> Read(Session session, DbDataReader rows) => rows.ReadAll(row => new Adjustment(
        row.GetInt64(0),
        AdjustmentTypeNames.TryParse(row.GetString(1), out var type) ? type : throw Rows.Damaged($"adjustment '{row.GetString(1)}'"),
        row.GetString(2), row.GetString(3), row.GetPeriod(4), row.GetPeriod(5), row.GetAmount(7, row.GetCurrency(6)), row.GetString(8), []))
        .ConvertAll(adjustment => adjustment with { Parts = Parts(session, adjustment) });

    private static ImmutableArray<AdjustmentPart> Parts(Session session, Adjustment adjustment)
    {
        var parts = ImmutableArray.CreateBuilder<AdjustmentPart>();
        using var row = session.Query(
            "SELECT model, app, adapter, agreement, amount, host FROM adjustment_parts WHERE adjustment = $1 ORDER BY line", adjustment.Number);
        while (row.Read())
        {
            parts.Add(new(
                new(row.GetString(0), row.GetText(1), row.GetText(2), row.GetInt64(3), row.GetText(5)), row.GetAmount(4, adjustment.Currency)));
        }
        return parts.ToImmutable();
    }
}
