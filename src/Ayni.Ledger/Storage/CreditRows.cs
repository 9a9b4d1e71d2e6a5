using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of credits.</summary>
internal static class CreditRows
{
    private const string Columns = "SELECT id, customer, currency, amount, priority, model, purchased, expires FROM credits";

    private static readonly PagedQuery Every = new(Columns, "entry", "SELECT entry FROM credits WHERE id = $1");

    private static readonly PagedQuery EveryUse = new(
        "SELECT u.credit, c.customer, c.currency, u.amount FROM credit_uses u JOIN credits c ON c.id = u.credit", "u.entry",
        "SELECT entry FROM credit_uses WHERE credit = $1 AND period = $2");

    public static void Insert(Session session, Credit credit, long entry) => session.Execute(
        """
        INSERT INTO credits (id, customer, currency, amount, priority, model, purchased, expires, entry)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        credit.Id, credit.CustomerId, credit.Currency.Code, credit.Amount.FormatFixed(), credit.Priority, credit.Model,
        credit.Purchased.Microseconds(), credit.Expires?.Microseconds(), entry);

    public static void InsertUse(Session session, CreditUse use, long entry) => session.Execute(
        "INSERT INTO credit_uses (credit, period, amount, entry) VALUES ($1, $2, $3, $4)",
        use.CreditId, use.Period.ToString(), use.Amount.FormatFixed(), entry);

    public static void InsertReturn(Session session, ReturnedCredit returned, long entry) => session.Execute(
        "INSERT INTO credit_returns (id, credit, amount, reason, entry) VALUES ($1, $2, $3, $4, $5)",
        returned.Id, returned.CreditId, returned.Amount.FormatFixed(), returned.Reason, entry);

    /// <summary>A return without a credit note; null if there is none of the id.</summary>
    public static ReturnedCredit? FindReturn(Session session, string id) => session.Query(
        "SELECT r.id, r.credit, c.currency, r.amount, r.reason FROM credit_returns r JOIN credits c ON c.id = r.credit WHERE r.id = $1", id)
        .ReadFirst(row => new ReturnedCredit(
            row.GetString(0), row.GetString(1), row.GetAmount(3, row.GetCurrency(2)), row.GetString(4), null));

    /// <summary>The month that a credit's sale is posted in.</summary>
    public static Period SoldIn(Session session, string id) => Period.Parse(
        (string)session.Scalar("SELECT e.period FROM credits c JOIN entries e ON e.number = c.entry WHERE c.id = $1", id)!);

    public static bool Any(Session session) => session.Scalar("SELECT 1 FROM credits LIMIT 1") is not null;

    public static bool HasUse(Session session, string creditId, Period period) =>
        session.Scalar("SELECT 1 FROM credit_uses WHERE credit = $1 AND period = $2", creditId, period.ToString()) is not null;

    /// <summary>What credits paid in a closing or closed period, in the order it was posted; after that of a credit.</summary>
    public static IReadOnlyList<CreditUse> Uses(Session session, Period period, string after = "", int limit = int.MaxValue) => EveryUse.Query(
        session, after.Length == 0 ? [] : [after, period.ToString()], limit, ("u.period = ?", period.ToString())).ReadAll(row =>
            new CreditUse(row.GetString(0), row.GetString(1), period, row.GetAmount(3, row.GetCurrency(2))));

    /// <summary>
    /// Every credit, oldest first, with what is left of it after what was given back: after all closes, or before a period's.
    /// </summary>
    public static IReadOnlyList<Credit> All(Session session, Period? before = null) => Lessened(session, Every.Query(session), null, before);

    /// <summary>A customer's credits, oldest first.</summary>
    public static IReadOnlyList<Credit> OfCustomer(Session session, string customerId) =>
        Lessened(session, Every.Query(session, ("customer = ?", customerId)), customerId, null);

    /// <summary>At most so many credits after another.</summary>
    public static IReadOnlyList<Credit> List(Session session, string after, int limit)
    {
        var page = Every.Query(session, after, limit).ReadAll(ReadWhole);
        var left = page.Select(credit => credit.CustomerId).Distinct().SelectMany(customerId => OfCustomer(session, customerId))
            .ToDictionary(credit => credit.Id, StringComparer.Ordinal);
        return page.ConvertAll(credit => left[credit.Id]);
    }

    /// <summary>A credit; null if there is none of the id.</summary>
    public static Credit? Find(Session session, string id) =>
        session.Query($"{Columns} WHERE id = $1", id).ReadFirst(ReadWhole) is { } credit
            ? OfCustomer(session, credit.CustomerId).First(one => one.Id == id)
            : null;

    /// <summary>
    /// What a customer's credits that have not expired may pay of its charges since the last close. Once one expires within a month, what
    /// the month used of it counts as owed until the close: less may be spent than could be, never more.
    /// </summary>
    public static Amount Available(Session session, string customerId, Currency currency, DateTimeOffset now) =>
        OfCustomer(session, customerId).Where(credit => credit.Currency == currency && (credit.Expires is not { } expires || now < expires))
            .Aggregate(Amount.Zero(currency), (sum, credit) => sum + credit.Left);

    private static List<Credit> Lessened(Session session, DbDataReader rows, string? customerId, Period? before)
    {
        var whole = rows.ReadAll(ReadWhole);
        if (whole.Count == 0)
            return whole;
        var credits = whole.ToDictionary(credit => credit.Id, StringComparer.Ordinal);
        using (var row = session.Query(
            """
            SELECT u.credit, u.amount FROM credit_uses u JOIN credits c ON c.id = u.credit
            WHERE ($1 = '' OR c.customer = $1) AND u.period < $2
            UNION ALL
            SELECT subject, amount FROM adjustments WHERE type = 'credit_expiry' AND ($1 = '' OR customer = $1) AND period < $2
            UNION ALL
            SELECT r.credit, r.amount FROM credit_returns r JOIN credits c ON c.id = r.credit JOIN entries e ON e.number = r.entry
            WHERE ($1 = '' OR c.customer = $1) AND e.period <= $2
            UNION ALL
            SELECT c.id, l.amount
            FROM credits c JOIN invoices i ON i.subject = c.customer JOIN invoice_lines l ON l.invoice = i.number
              JOIN entries e ON e.number = i.entry
            WHERE ($1 = '' OR c.customer = $1) AND i.kind = 'credit_note' AND l.kind = 'credit_purchase' AND l.reference = c.id AND e.period <= $2
            """,
            customerId ?? "", before?.ToString() ?? "9999-12"))
        {
            while (row.Read())
            {
                var credit = credits[row.GetString(0)];
                credits[credit.Id] = credit with { Left = credit.Left - row.GetAmount(1, credit.Currency) };
            }
        }
        return whole.ConvertAll(credit => credits[credit.Id]);
    }

    private static Credit ReadWhole(DbDataReader row)
    {
        var amount = row.GetAmount(3, row.GetCurrency(2));
        return new(
            row.GetString(0), row.GetString(1), amount, row.GetInt32(4), row.GetString(5), row.GetInstant(6), row.GetInstantOrNull(7), amount);
    }
}
