using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>The SQL of entities, billing details and invoices.</summary>
internal static class InvoiceRows
{
    private const string Columns =
        "SELECT number, kind, entity, entity_billing, subject, subject_name, subject_billing, period, currency, issued, due, rounding, total, "
        + "credits, reason, entry FROM invoices";

    private const string TaxColumns =
        "SELECT name, parts_per_million, withheld, certificate, certified_parts, valid_from, valid_until";

    private static readonly PagedQuery Every = new(Columns, "entry", "SELECT entry FROM invoices WHERE number = $1");

    private static readonly PagedQuery EveryEntity = new("SELECT code FROM entities", "code");

    public static void InsertEntity(Session session, string code, DateTimeOffset now) =>
        session.Execute("INSERT INTO entities (code, created) VALUES ($1, $2)", code, now.Microseconds());

    /// <summary>The entities' codes in ordinal order.</summary>
    public static IReadOnlyList<string> Entities(Session session, string after = "", int limit = int.MaxValue) =>
        EveryEntity.Query(session, after, limit).ReadAll(row => row.GetString(0));

    public static void InsertDetails(Session session, BillingDetails details, DateTimeOffset now)
    {
        session.Execute(
            """
            INSERT INTO billing (subject, version, legal_name, address, country, tax_id, due_days, recorded)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            details.Subject, details.Version, details.LegalName, details.Address, details.Country, details.TaxId, details.DueDays,
            now.Microseconds());
        for (var line = 0; line < details.Taxes.Length; line++)
        {
            var tax = details.Taxes[line];
            session.Execute(
                """
                INSERT INTO billing_taxes
                  (subject, version, line, name, parts_per_million, withheld, certificate, certified_parts, valid_from, valid_until)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                """,
                details.Subject, details.Version, line, tax.Name, tax.PartsPerMillion, tax.IsWithheld ? 1 : 0, tax.Certificate?.Number,
                tax.Certificate?.PartsPerMillion, tax.Certificate?.ValidFrom.Text(), tax.Certificate?.ValidUntil.Text());
        }
    }

    /// <summary>The last version of somebody's details.</summary>
    public static BillingDetails? Details(Session session, string subject) =>
        session.Scalar("SELECT max(version) FROM billing WHERE subject = $1", subject) is long version
            ? Details(session, subject, version)
            : null;

    /// <summary>The number of the last document of a series in a year; 0 before the first.</summary>
    public static long LastSequence(Session session, string entity, InvoiceKind kind, int year) => (long)session.Scalar(
        "SELECT coalesce(max(sequence), 0) FROM invoices WHERE entity = $1 AND kind = $2 AND year = $3", entity, kind.Name(), year)!;

    public static void Insert(Session session, Invoice invoice, string subjectName, int year, long sequence)
    {
        session.Execute(
            """
            INSERT INTO invoices (number, kind, entity, year, sequence, entity_billing, subject, subject_name, subject_billing, period,
              currency, issued, due, rounding, total, credits, reason, entry)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
            """,
            invoice.Number, invoice.Kind.Name(), invoice.Entity.Subject, year, sequence, invoice.Entity.Version, invoice.Recipient.Subject,
            subjectName, invoice.Recipient.Version, invoice.Period.ToString(), invoice.Currency.Code, invoice.Issued.Microseconds(),
            invoice.Due.Text(), invoice.Rounding.FormatFixed(), invoice.Total.FormatFixed(), invoice.Credits, invoice.Reason, invoice.Entry);
        for (var i = 0; i < invoice.Lines.Length; i++)
        {
            var line = invoice.Lines[i];
            session.Execute(
                """
                INSERT INTO invoice_lines
                  (invoice, line, kind, reference, model, app, service_period, receipts, prompt, cached, generated, amount)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                """,
                invoice.Number, i, line.Kind, line.Reference, line.Model, line.AppId, line.ServicePeriod.ToString(), line.Receipts,
                line.Counts.Prompt, line.Counts.Cached, line.Counts.Generated, line.Amount.FormatFixed());
        }
        for (var i = 0; i < invoice.Taxes.Length; i++)
        {
            var tax = invoice.Taxes[i];
            session.Execute(
                """
                INSERT INTO invoice_taxes
                  (invoice, line, name, parts_per_million, withheld, base, amount, certificate, certified_parts, valid_from, valid_until)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                """,
                invoice.Number, i, tax.Tax.Name, tax.Tax.PartsPerMillion, tax.Tax.IsWithheld ? 1 : 0, tax.Base.FormatFixed(),
                tax.Amount.FormatFixed(), tax.Tax.Certificate?.Number, tax.Tax.Certificate?.PartsPerMillion,
                tax.Tax.Certificate?.ValidFrom.Text(), tax.Tax.Certificate?.ValidUntil.Text());
        }
    }

    public static Invoice? Find(Session session, string number) =>
        Complete(session, session.Query($"{Columns} WHERE number = $1", number)).FirstOrDefault();

    /// <summary>Documents in the order they were issued; null stands for any kind, month and recipient.</summary>
    public static IReadOnlyList<Invoice> List(
        Session session, InvoiceKind? kind, Period? period, string? subject = null, string after = "", int limit = int.MaxValue) => Complete(
            session,
            Every.Query(
                session, after, limit, ("kind = ?", kind?.Name()), ("period = ?", period?.ToString()), ("subject = ?", subject)));

    /// <summary>The invoice or self-billing document of a month.</summary>
    public static Invoice? FindOfMonth(Session session, string subject, Period period, Currency currency) => Complete(
        session,
        session.Query(
            $"{Columns} WHERE subject = $1 AND period = $2 AND currency = $3 AND kind <> 'credit_note'", subject, period.ToString(),
            currency.Code)).FirstOrDefault();

    public static IReadOnlyList<Invoice> CreditNotes(Session session, string number) =>
        Complete(session, session.Query($"{Columns} WHERE credits = $1 AND kind = 'credit_note' ORDER BY entry", number));

    /// <summary>Somebody's documents in the order they were issued.</summary>
    public static IReadOnlyList<Invoice> OfSubject(Session session, string subject) => List(session, null, null, subject);

    /// <summary>
    /// What a month's entries charged customers with beside usage: a line for each model's revenue that an entry moved, and one for what
    /// it moved elsewhere.
    /// </summary>
    public static IReadOnlyList<(string CustomerId, InvoiceLine Line)> Adjustments(Session session, Period period)
    {
        var entries = new SortedDictionary<long, (string Kind, string Reference, Period Service, List<Posting> Postings)>();
        using (var row = session.Query(
            """
            SELECT e.number, e.kind, e.reference, e.service_period, a.name, a.currency, p.amount
            FROM entries e JOIN postings p ON p.entry = e.number JOIN accounts a ON a.id = p.account
            WHERE e.period = $1 AND e.kind NOT IN ('charge', 'distribution', 'payable', 'invoice', 'credit_note', 'self_bill', 'payment',
              'refund', 'payment_reversal', 'write_off', 'write_off_reversal', 'payout', 'payout_paid', 'payout_return')
            ORDER BY e.number, p.line
            """,
            period.ToString()))
        {
            while (row.Read())
            {
                if (!entries.TryGetValue(row.GetInt64(0), out var entry))
                    entries.Add(row.GetInt64(0), entry = (row.GetString(1), row.GetString(2), row.GetPeriod(3), []));
                entry.Postings.Add(new(new(row.GetString(4)), row.GetAmount(6, row.GetCurrency(5))));
            }
        }
        var lines = new List<(string, InvoiceLine)>();
        foreach (var (kind, reference, service, postings) in entries.Values)
        {
            foreach (var charged in postings.Where(posting => posting.Account.ReceivableCustomerId is not null))
            {
                var customerId = charged.Account.ReceivableCustomerId!;
                var rest = charged.Amount;
                var models = postings.Where(posting => posting.Currency == charged.Currency && posting.Account.RevenueModel is not null)
                    .GroupBy(posting => posting.Account.RevenueModel!, StringComparer.Ordinal);
                foreach (var model in models)
                {
                    var revenue = model.Aggregate(Amount.Zero(charged.Currency), (sum, posting) => sum - posting.Amount);
                    rest -= revenue;
                    lines.Add((customerId, new(kind, reference, model.Key, null, service, 0, default, revenue)));
                }
                if (rest.Sign != 0)
                    lines.Add((customerId, new(kind, reference, null, null, service, 0, default, rest)));
            }
        }
        return lines;
    }

    /// <summary>What a month's close made payable to parties, and what was payable from before the ledger.</summary>
    public static IReadOnlyList<(string PartyId, InvoiceLine Line)> Payables(Session session, Period period)
    {
        var lines = new List<(string, InvoiceLine)>();
        using var row = session.Query(
            """
            SELECT a.name, a.currency, p.amount, e.kind, e.reference
            FROM entries e JOIN postings p ON p.entry = e.number JOIN accounts a ON a.id = p.account
            WHERE e.period = $1 AND e.kind IN ('payable', 'opening')
            ORDER BY e.number, p.line
            """,
            period.ToString());
        while (row.Read())
        {
            if (new Account(row.GetString(0)).PayablePartyId is { } partyId)
            {
                var isOpening = row.GetString(3) == "opening";
                lines.Add((partyId, new(
                    isOpening ? "opening" : "share", isOpening ? row.GetString(4) : null, null, null, period, 0, default,
                    -row.GetAmount(2, row.GetCurrency(1)))));
            }
        }
        return lines;
    }

    public static DateOnly GetDate(this DbDataReader row, int column) =>
        DateOnly.ParseExact(row.GetString(column), "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A version of somebody's details.</summary>
    public static BillingDetails Details(Session session, string subject, long version)
    {
        var taxes = ImmutableArray.CreateBuilder<Tax>();
        using (var row = session.Query(
            $"{TaxColumns} FROM billing_taxes WHERE subject = $1 AND version = $2 ORDER BY line", subject, version))
        {
            while (row.Read())
                taxes.Add(ReadTax(row));
        }
        using var details = session.Query(
            "SELECT legal_name, address, country, tax_id, due_days FROM billing WHERE subject = $1 AND version = $2", subject, version);
        return details.Read()
            ? new(
                subject, version, details.GetString(0), details.GetString(1), details.GetString(2), details.GetText(3),
                taxes.DrainToImmutable(), (int)details.GetInt64(4))
            : throw Rows.Damaged($"an invoice with unknown details of {subject}");
    }

    /// <summary>Reads the documents' rows, then the lines, taxes and details of each.</summary>
    private static List<Invoice> Complete(Session session, DbDataReader rows)
    {
        var heads = new List<(Invoice Head, string Entity, long EntityVersion, string Subject, string Name, long Version)>();
        using (rows)
        {
            while (rows.Read())
            {
                var currency = rows.GetCurrency(8);
                heads.Add((
                    new()
                    {
                        Number = rows.GetString(0),
                        Kind = KindOf(rows.GetString(1)),
                        Entity = null!,
                        Recipient = null!,
                        Period = rows.GetPeriod(7),
                        Issued = rows.GetInstant(9),
                        Due = rows.GetDate(10),
                        Lines = [],
                        Taxes = [],
                        Rounding = rows.GetAmount(11, currency),
                        Total = rows.GetAmount(12, currency),
                        Credits = rows.GetText(13),
                        Reason = rows.GetText(14),
                        Entry = rows.GetInt64(15),
                    },
                    rows.GetString(2), rows.GetInt64(3), rows.GetString(4), rows.GetString(5), rows.GetInt64(6)));
            }
        }
        return
        [
            .. heads.Select(row => row.Head with
            {
                Entity = Details(session, row.Entity, row.EntityVersion),
                Recipient = row.Version == 0
                    ? BillingDetails.OfName(row.Subject, row.Name)
                    : Details(session, row.Subject, row.Version),
                Lines = Lines(session, row.Head),
                Taxes = Taxes(session, row.Head),
            }),
        ];
    }

    private static ImmutableArray<InvoiceLine> Lines(Session session, Invoice invoice)
    {
        var lines = ImmutableArray.CreateBuilder<InvoiceLine>();
        using var row = session.Query(
            """
            SELECT kind, reference, model, app, service_period, receipts, prompt, cached, generated, amount
            FROM invoice_lines WHERE invoice = $1 ORDER BY line
            """,
            invoice.Number);
        while (row.Read())
        {
            lines.Add(new(
                row.GetString(0), row.GetText(1), row.GetText(2), row.GetText(3), row.GetPeriod(4), row.GetInt64(5),
                new(row.GetInt64(6), row.GetInt64(7), row.GetInt64(8)), row.GetAmount(9, invoice.Currency)));
        }
        return lines.DrainToImmutable();
    }

    private static ImmutableArray<TaxLine> Taxes(Session session, Invoice invoice)
    {
        var taxes = ImmutableArray.CreateBuilder<TaxLine>();
        using var row = session.Query(
            $"{TaxColumns}, base, amount FROM invoice_taxes WHERE invoice = $1 ORDER BY line", invoice.Number);
        while (row.Read())
            taxes.Add(new(ReadTax(row), row.GetAmount(7, invoice.Currency), row.GetAmount(8, invoice.Currency)));
        return taxes.DrainToImmutable();
    }

    private static Tax ReadTax(DbDataReader row) => new(
        row.GetString(0), (int)row.GetInt64(1), row.GetInt64(2) == 1,
        row.GetText(3) is { } certificate ? new(certificate, (int)row.GetInt64(4), row.GetDate(5), row.GetDate(6)) : null);

    private static InvoiceKind KindOf(string name) =>
        InvoiceKindNames.TryParse(name, out var kind) ? kind : throw Rows.Damaged($"an invoice of kind '{name}'");
}
