using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of payments and write-offs.</summary>
internal static class PaymentRows
{
    private const string Columns =
        "SELECT id, kind, customer, currency, amount, bank_reference, value_date, recorded, reverses, entry FROM payments";

    private const string WriteOffColumns =
        "SELECT w.id, w.invoice, w.currency, w.amount, w.reason, w.recorded, w.reverses, w.entry FROM write_offs w";

    private static readonly PagedQuery Every = new(Columns, "entry", "SELECT entry FROM payments WHERE id = $1");

    private static readonly PagedQuery EveryWriteOff = new(WriteOffColumns, "w.entry", "SELECT entry FROM write_offs WHERE id = $1");

    public static void Insert(Session session, Payment payment) => session.Execute(
        """
        INSERT INTO payments (id, kind, customer, currency, amount, bank_reference, value_date, recorded, reverses, entry)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        payment.Id, payment.Kind.Name(), payment.CustomerId, payment.Currency.Code, payment.Amount.FormatFixed(), payment.BankReference,
        payment.ValueDate.Text(), payment.Recorded.Microseconds(), payment.Reverses, payment.Entry);

    public static void Insert(Session session, WriteOff writeOff) => session.Execute(
        """
        INSERT INTO write_offs (id, invoice, currency, amount, reason, recorded, reverses, entry)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        writeOff.Id, writeOff.Invoice, writeOff.Currency.Code, writeOff.Amount.FormatFixed(), writeOff.Reason,
        writeOff.Recorded.Microseconds(), writeOff.Reverses, writeOff.Entry);

    public static Payment? Find(Session session, string id) => session.Query($"{Columns} WHERE id = $1", id).ReadFirst(Read);

    public static Payment? FindByBankReference(Session session, string reference) =>
        session.Query($"{Columns} WHERE bank_reference = $1", reference).ReadFirst(Read);

    public static Payment? ReversalOf(Session session, string id) => session.Query($"{Columns} WHERE reverses = $1", id).ReadFirst(Read);

    /// <summary>A customer's payments, or every one, oldest first.</summary>
    public static IReadOnlyList<Payment> All(Session session, string? customerId = null, string after = "", int limit = int.MaxValue) =>
        Every.Query(session, after, limit, ("customer = ?", customerId)).ReadAll(Read);

    public static WriteOff? FindWriteOff(Session session, string id) =>
        session.Query($"{WriteOffColumns} WHERE w.id = $1", id).ReadFirst(ReadWriteOff);

    public static WriteOff? ReversalOfWriteOff(Session session, string id) =>
        session.Query($"{WriteOffColumns} WHERE w.reverses = $1", id).ReadFirst(ReadWriteOff);

    /// <summary>What was given up of a customer's invoices, oldest first.</summary>
    public static IReadOnlyList<WriteOff> WriteOffsOf(Session session, string customerId) =>
        session.Query($"{WriteOffColumns} JOIN invoices i ON i.number = w.invoice WHERE i.subject = $1 ORDER BY w.entry", customerId)
            .ReadAll(ReadWriteOff);

    /// <summary>Every claim given up or taken up again, oldest first.</summary>
    public static IReadOnlyList<WriteOff> AllWriteOffs(Session session, string after = "", int limit = int.MaxValue) =>
        EveryWriteOff.Query(session, after, limit).ReadAll(ReadWriteOff);

    private static Payment Read(DbDataReader row) => new(
        row.GetString(0), KindOf(row.GetString(1)), row.GetString(2), row.GetAmount(4, row.GetCurrency(3)), row.GetString(5), row.GetDate(6),
        row.GetInstant(7), row.GetText(8), row.GetInt64(9));

    private static WriteOff ReadWriteOff(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetAmount(3, row.GetCurrency(2)), row.GetString(4), row.GetInstant(5), row.GetText(6),
        row.GetInt64(7));

    private static PaymentKind KindOf(string name) => name switch
    {
        "payment" => PaymentKind.Payment,
        "refund" => PaymentKind.Refund,
        "reversal" => PaymentKind.Reversal,
        _ => throw Rows.Damaged($"a payment of kind '{name}'"),
    };
}
