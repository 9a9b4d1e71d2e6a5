using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of deductions.</summary>
internal static class DeductionRows
{
    private const string Columns = "SELECT type, evidence, period, service_period, model, app, currency, amount, entry, no_app, customer, key, signature";

    private static readonly PagedQuery Every = new($"{Columns}, id FROM deductions", "id");

    public static void Insert(Session session, Deduction deduction, DateTimeOffset now) => session.Execute(
        """
        INSERT INTO deductions (
          type, evidence, period, service_period, model, app, currency, amount, entry, recorded, no_app, customer, key, signature)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        deduction.Type.Name(), deduction.EvidenceId, deduction.Period.ToString(), deduction.ServicePeriod.ToString(), deduction.Model,
        deduction.AppId, deduction.Amount.Currency.Code, deduction.Amount.FormatFixed(), deduction.Entry, now.Microseconds(),
        deduction.IsOfNoApp ? 1 : 0, deduction.SignedBy?.CustomerId, deduction.SignedBy?.Key, deduction.SignedBy?.Signature);

    /// <summary>The one recorded with the same type, evidence, model and app.</summary>
    public static Deduction? Find(Session session, Deduction deduction)
    {
        using var row = session.Query(
            $"{Columns} FROM deductions WHERE type = $1 AND evidence = $2 AND coalesce(model, '') = $3 AND coalesce(app, '') = $4",
            deduction.Type.Name(), deduction.EvidenceId, deduction.Model ?? "", deduction.AppId ?? "");
        return row.Read() ? Read(row) : null;
    }

    /// <summary>The number of the last one; 0 before the first.</summary>
    public static long Last(Session session) => (long)session.Scalar("SELECT coalesce(max(id), 0) FROM deductions")!;

    /// <summary>Whether a deduction has such an evidence.</summary>
    public static bool HasEvidence(Session session, string evidence) =>
        session.Scalar("SELECT evidence FROM deductions WHERE evidence = $1 LIMIT 1", evidence) is not null;

    /// <summary>The deductions that count in a period, in order of type, evidence, model and app.</summary>
    public static IReadOnlyList<Deduction> Of(Session session, Period period) =>
        [
            .. Every.Query(session, ("period = ?", period.ToString())).ReadAll(Read).OrderBy(deduction => deduction.Type).ThenBy(deduction => deduction.EvidenceId, StringComparer.Ordinal)
                .ThenBy(deduction => deduction.Model, StringComparer.Ordinal).ThenBy(deduction => deduction.AppId, StringComparer.Ordinal),
        ];

    /// <summary>
    /// The deductions that count in a period in the order in which they were recorded, with their numbers; after the one of a number.
    /// </summary>
    public static IReadOnlyList<(long Number, Deduction Deduction)> Page(Session session, Period period, long after, int limit) =>
        Every.Query(session, after, limit, ("period = ?", period.ToString())).ReadAll(row => (row.GetInt64(13), Read(row)));

    private static Deduction Read(DbDataReader row) => new(
        DeductionTypeNames.TryParse(row.GetString(0), out var type) ? type : throw Rows.Damaged($"deduction '{row.GetString(0)}'"),
        row.GetString(1), row.GetPeriod(2), row.GetPeriod(3), row.GetText(4), row.GetText(5), row.GetAmount(7, row.GetCurrency(6)),
        row.IsDBNull(8) ? null : row.GetInt64(8), row.GetInt64(9) == 1,
        row.GetText(10) is { } customer ? new(customer, row.GetString(11), row.GetString(12)) : null);
}
