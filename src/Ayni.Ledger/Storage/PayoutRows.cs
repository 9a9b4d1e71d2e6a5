using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of bank details and payouts.</summary>
internal static class PayoutRows
{
    private const string BankColumns = "SELECT subject, version, holder, iban, bic, recorded, held_until FROM bank_details";

    private const string PayoutColumns =
        """
        SELECT p.id, p.batch, p.party, p.party_bank, p.currency, p.amount, p.entry,
          EXISTS (SELECT 1 FROM payout_events e WHERE e.payout = p.id AND e.kind = 'paid'),
          EXISTS (SELECT 1 FROM payout_events e WHERE e.payout = p.id AND e.kind = 'returned')
        FROM payouts p
        """;

    private static readonly PagedQuery Every = new(PayoutColumns, "p.entry", "SELECT entry FROM payouts WHERE id = $1");

    public static void Insert(Session session, BankDetails details) => session.Execute(
        "INSERT INTO bank_details (subject, version, holder, iban, bic, recorded, held_until) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        details.Subject, details.Version, details.Holder, details.Iban.Text, details.Bic?.Text, details.Recorded.Microseconds(),
        details.HeldUntil.Microseconds());

    public static BankDetails? LastBankDetails(Session session, string subject) =>
        session.Query($"{BankColumns} WHERE subject = $1 ORDER BY version DESC LIMIT 1", subject).ReadFirst(ReadBankDetails);

    /// <summary>What was known of somebody's account at an instant.</summary>
    public static BankDetails? BankDetailsAt(Session session, string subject, DateTimeOffset at) => session.Query(
        $"{BankColumns} WHERE subject = $1 AND recorded <= $2 ORDER BY version DESC LIMIT 1", subject, at.Microseconds())
        .ReadFirst(ReadBankDetails);

    /// <summary>An entity's self-billing documents in a currency that no payout pays, or only returned ones, oldest first.</summary>
    public static IReadOnlyList<Invoice> OpenDocuments(Session session, string entity, Currency currency)
    {
        var numbers = session.Query(
            """
            SELECT i.number FROM invoices i
            WHERE i.kind = 'self_bill' AND i.entity = $1 AND i.currency = $2 AND NOT EXISTS (
              SELECT 1 FROM payout_items t WHERE t.invoice = i.number AND NOT EXISTS (
                SELECT 1 FROM payout_events e WHERE e.payout = t.payout AND e.kind = 'returned'))
            ORDER BY i.entry
            """,
            entity, currency.Code).ReadAll(row => row.GetString(0));
        return [.. numbers.Select(number => InvoiceRows.Find(session, number)!)];
    }

    public static void Insert(Session session, PayoutBatch batch) => session.Execute(
        "INSERT INTO payout_batches (id, entity, entity_bank, currency, execution_date, created) VALUES ($1, $2, $3, $4, $5, $6)",
        batch.Id, batch.Entity.Subject, batch.Account.Version, batch.Currency.Code, batch.ExecutionDate.Text(), batch.Created.Microseconds());

    public static void Insert(Session session, Payout payout)
    {
        session.Execute(
            "INSERT INTO payouts (id, batch, party, party_bank, currency, amount, entry) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            payout.Id, payout.Batch, payout.PartyId, payout.Account.Version, payout.Currency.Code, payout.Amount.FormatFixed(), payout.Entry);
        foreach (var document in payout.Documents)
        {
            // The unique attempt refuses a second payout of a document even if a check above it were wrong.
            session.Execute(
                """
                INSERT INTO payout_items (payout, invoice, attempt)
                SELECT $1, $2, count(*) FROM payout_items t JOIN payout_events e ON e.payout = t.payout AND e.kind = 'returned'
                WHERE t.invoice = $2
                """,
                payout.Id, document);
        }
    }

    public static void InsertEvent(
        Session session, string payoutId, PayoutStatus status, string bankReference, DateOnly valueDate, string? reason, DateTimeOffset now,
        long entry) => session.Execute(
            """
            INSERT INTO payout_events (payout, kind, bank_reference, value_date, reason, recorded, entry) VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            payoutId, status == PayoutStatus.Paid ? "paid" : "returned", bankReference, valueDate.Text(), reason, now.Microseconds(), entry);

    /// <summary>What the bank said of payouts, in journal order.</summary>
    public static IReadOnlyList<(string PayoutId, bool IsPaid, long Entry)> Events(Session session) =>
        session.Query("SELECT payout, kind, entry FROM payout_events ORDER BY entry")
            .ReadAll(row => (row.GetString(0), row.GetString(1) == "paid", row.GetInt64(2)));

    public static Payout? Find(Session session, string id) => Complete(session, session.Query($"{PayoutColumns} WHERE p.id = $1", id)).FirstOrDefault();

    /// <summary>A party's payouts, or every one, in the order they were ordered.</summary>
    public static IReadOnlyList<Payout> Payouts(Session session, string? partyId, string after = "", int limit = int.MaxValue) =>
        Complete(session, Every.Query(session, after, limit, ("p.party = ?", partyId)));

    public static PayoutBatch? FindBatch(Session session, string id)
    {
        var head = session.Query(
            "SELECT id, entity, entity_bank, currency, execution_date, created FROM payout_batches WHERE id = $1", id)
            .ReadFirst(row => new BatchRow(
                row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetCurrency(3), row.GetDate(4), row.GetInstant(5)));
        if (head is null)
            return null;
        var payouts = Complete(session, session.Query($"{PayoutColumns} WHERE p.batch = $1 ORDER BY p.entry", id));
        return new(
            head.Id, InvoiceRows.Details(session, head.Entity)!, Account(session, head.Entity, head.Version), head.Currency, head.ExecutionDate,
            head.Created, [.. payouts]);
    }

    private static BankDetails Account(Session session, string subject, long version) =>
        session.Query($"{BankColumns} WHERE subject = $1 AND version = $2", subject, version).ReadFirst(ReadBankDetails)
        ?? throw Rows.Damaged($"a payout with unknown bank details of {subject}");

    private static List<Payout> Complete(Session session, DbDataReader rows)
    {
        var heads = rows.ReadAll(row => (
            Payout: new Payout(
                row.GetString(0), row.GetString(1), row.GetString(2), null!, row.GetAmount(5, row.GetCurrency(4)), [],
                IsTrue(row, 8) ? PayoutStatus.Returned : IsTrue(row, 7) ? PayoutStatus.Paid : PayoutStatus.Ordered, row.GetInt64(6)),
            Version: row.GetInt64(3)));
        return
        [
            .. heads.Select(head => head.Payout with
            {
                Account = Account(session, head.Payout.PartyId, head.Version),
                Documents =
                [
                    .. session.Query("SELECT invoice FROM payout_items WHERE payout = $1 ORDER BY invoice", head.Payout.Id)
                        .ReadAll(row => row.GetString(0)),
                ],
            }),
        ];
    }

    /// <summary>SQLite says 1, PostgreSQL true.</summary>
    private static bool IsTrue(DbDataReader row, int column) => row.GetValue(column) is true or 1L;

    private static BankDetails ReadBankDetails(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), Iban.Parse(row.GetString(3)),
        row.GetText(4) is { } bic ? Bic.Parse(bic) : null, row.GetInstant(5), row.GetInstant(6));

    private sealed record BatchRow(
        string Id, string Entity, long Version, Currency Currency, DateOnly ExecutionDate, DateTimeOffset Created);
}
