using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// Issues invoices, credit notes and self-billing documents. Each method is one job of the writer: it refuses, or it writes.
/// </summary>
internal static class Invoicing
{
    /// <summary>The kind of an invoice's line that a prepaid credit was sold on; its reference is the credit's id.</summary>
    public const string CreditSale = "credit_purchase";

    private const int LongestCode = 8;

    /// <summary>Enters a legal entity, or a new version of its details.</summary>
    public static BillingDetails SetEntity(Transaction transaction, BillingDetails details)
    {
        if (details.Subject is not { Length: > 0 and <= LongestCode } code
            || code.Any(letter => !char.IsAsciiLetterUpper(letter) && !char.IsAsciiDigit(letter)))
            throw new LedgerRefusedException(
                Refusal.InvalidBilling, $"'{details.Subject}' is no entity's code; write 1 to {LongestCode} capital letters and digits.");
        details.Checked();
        if (!InvoiceRows.Entities(transaction.Session).Contains(details.Subject, StringComparer.Ordinal))
            InvoiceRows.InsertEntity(transaction.Session, details.Subject, transaction.Now);
        return Store(transaction, details);
    }

    /// <summary>Sets what invoices say about a customer or party from now on.</summary>
    public static BillingDetails SetDetails(Transaction transaction, BillingDetails details)
    {
        details.Checked();
        if (NameOf(transaction.Session, details.Subject) is null)
            throw Registry.Unknown(Refusal.UnknownCustomer, "customer or party", details.Subject);
        return Store(transaction, details);
    }

    /// <summary>
    /// Issues one document for a draft of a closed period, or finds the one issued before: a month is invoiced once, whoever asks and
    /// whenever.
    /// </summary>
    public static Invoice Issue(Transaction transaction, InvoiceKind kind, Period period, InvoiceDraft draft, string? entityCode)
    {
        var session = transaction.Session;
        if (InvoiceRows.FindOfMonth(session, draft.Subject, period, draft.Currency) is { } issued)
            return issued;
        if (transaction.LastPeriod.StatusOf(period) != PeriodStatus.Closed)
            throw new LedgerRefusedException(Refusal.PeriodNotClosed, $"{period} is not closed; close it, then issue its invoices.");
        var entity = EntityOf(session, entityCode);
        var name = NameOf(session, draft.Subject) ?? throw Registry.Unknown(Refusal.UnknownCustomer, "customer or party", draft.Subject);
        var recipient = InvoiceRows.Details(session, draft.Subject) ?? BillingDetails.OfName(draft.Subject, name);
        // What is withheld is decided by the day of the document: whoever has a certificate then, has less withheld.
        ImmutableArray<Tax> taxes = kind == InvoiceKind.SelfBill
            ? [.. recipient.Taxes.Select(tax => tax.On(transaction.Today))]
            : [.. recipient.Taxes.Where(tax => !tax.IsWithheld)];
        var sums = InvoiceSums.Of(draft.Lines, taxes, draft.Currency);

        // From here on nothing is refused.
        return Store(transaction, name, new()
        {
            Number = "",
            Kind = kind,
            Entity = entity,
            Recipient = recipient,
            Period = period,
            Issued = transaction.Now,
            Due = transaction.Today.AddDays(recipient.DueDays),
            Lines = draft.Lines,
            Taxes = sums.Taxes,
            Rounding = sums.Rounding,
            Total = sums.Total,
            Entry = 0,
        });
    }

    /// <summary>
    /// Credits some of an invoice's lines. What is left of a line bounds its credit; the note that takes the last of every line takes what
    /// is left of taxes and rounding too, so that an invoice's notes never come to more, nor all of them to less, than the invoice. Refused
    /// while some of the invoice is given up: what was never paid would come back as the customer's credit. Charges that were converted are
    /// what its month converted; of a credit sold only what is unused goes back, and open months have used some.
    /// </summary>
    public static Invoice Credit(
        Transaction transaction, string number, ImmutableArray<(int Line, Amount Amount)> credits, string reason, ConvertedCharges converted,
        IReadOnlyList<CreditUse> used)
    {
        var session = transaction.Session;
        Text.Demand(reason, "reason");
        var invoice = Demand(session, number);
        if (invoice.Kind != InvoiceKind.Invoice)
            throw new LedgerRefusedException(Refusal.InvalidCredit, $"{number} is no invoice to a customer; only these are credited.");
        DemandClaimed(session, invoice);
        var notes = InvoiceRows.CreditNotes(session, number);
        var lines = credits.Select(credit => Reduced(invoice, notes, credit.Line, credit.Amount, converted)).ToImmutableArray();
        foreach (var line in lines.Where(line => line.Kind == CreditSale))
            CreditList.DemandUnused(transaction, CreditList.Demand(session, line.Reference!), line.Amount, used);
        if (lines.IsEmpty || credits.DistinctBy(credit => credit.Line).Count() != credits.Length)
            throw new LedgerRefusedException(Refusal.InvalidCredit, $"A credit note credits one line of {number} or more, each once.");
        var currency = invoice.Currency;
        var isLast = Enumerable.Range(0, invoice.Lines.Length).All(i =>
            Left(invoice, notes, i) - credits.Where(credit => credit.Line == i).Aggregate(Amount.Zero(currency), (sum, x) => sum + x.Amount)
                is { Sign: 0 });
        var sums = InvoiceSums.Of(lines, [.. invoice.Taxes.Select(tax => tax.Tax)], currency);
        if (isLast)
        {
            sums = new(
                [
                    .. invoice.Taxes.Select((tax, i) => tax with
                    {
                        Base = sums.Taxes[i].Base,
                        Amount = tax.Amount - notes.Aggregate(Amount.Zero(currency), (sum, note) => sum + note.Taxes[i].Amount),
                    }),
                ],
                invoice.Rounding - notes.Aggregate(Amount.Zero(currency), (sum, note) => sum + note.Rounding),
                invoice.Total - notes.Aggregate(Amount.Zero(currency), (sum, note) => sum + note.Total));
        }
        // Rounded each by itself, many notes could come to more than their invoice by some coins; the last one that fits is the limit.
        else if (notes.Aggregate(sums.Total, (sum, note) => sum + note.Total) > invoice.Total && invoice.Total.Sign >= 0)
        {
            throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"Rounded, the credit notes of {number} would exceed its total; credit all that is left of it.");
        }

        // From here on nothing is refused.
        return Store(transaction, invoice.Recipient.LegalName, invoice with
        {
            Number = "",
            Kind = InvoiceKind.CreditNote,
            Entity = InvoiceRows.Details(session, invoice.Entity.Subject)!,
            Issued = transaction.Now,
            Due = transaction.Today,
            Lines = lines,
            Taxes = sums.Taxes,
            Rounding = sums.Rounding,
            Total = sums.Total,
            Credits = number,
            Reason = reason,
        }, Charges(lines, notes, converted));
    }

    /// <summary>Everything of an invoice that was not credited yet, line by line.</summary>
    public static ImmutableArray<(int Line, Amount Amount)> AllThatIsLeft(Session session, string number)
    {
        var invoice = Demand(session, number);
        var notes = InvoiceRows.CreditNotes(session, number);
        return
        [
            .. Enumerable.Range(0, invoice.Lines.Length).Select(i => (Line: i, Amount: Left(invoice, notes, i)))
                .Where(credit => credit.Amount.Sign != 0),
        ];
    }

    public static Invoice Demand(Session session, string number) =>
        InvoiceRows.Find(session, number) ?? throw Registry.Unknown(Refusal.UnknownInvoice, "invoice", number);

    /// <summary>The details of the entity with a code, or of the only one.</summary>
    public static BillingDetails EntityOf(Session session, string? code)
    {
        var codes = InvoiceRows.Entities(session);
        if (code is null && codes is not [_])
            throw new LedgerRefusedException(
                Refusal.UnknownEntity,
                codes.Count == 0
                    ? "No legal entity issues invoices yet; enter one first."
                    : $"Several legal entities issue invoices; name one of {string.Join(", ", codes)}.");
        code ??= codes[0];
        return codes.Contains(code, StringComparer.Ordinal)
            ? InvoiceRows.Details(session, code)!
            : throw Registry.Unknown(Refusal.UnknownEntity, "legal entity", code);
    }

    private static void DemandClaimed(Session session, Invoice invoice)
    {
        var writeOffs = PaymentRows.WriteOffsOf(session, invoice.Recipient.Subject);
        var reversed = writeOffs.Select(writeOff => writeOff.Reverses).ToHashSet(StringComparer.Ordinal);
        if (writeOffs.FirstOrDefault(one => one.Invoice == invoice.Number && one.Reverses is null && !reversed.Contains(one.Id)) is { } given)
            throw new LedgerRefusedException(
                Refusal.InvalidCredit,
                $"{given.Amount} of {invoice.Number} are given up by {given.Id}; take that claim up again, then credit the invoice.");
    }

    private static InvoiceLine Reduced(
        Invoice invoice, IReadOnlyList<Invoice> notes, int line, Amount amount, ConvertedCharges converted)
    {
        if (line < 0 || line >= invoice.Lines.Length)
            throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"{invoice.Number} has no line {line + 1}; it has {invoice.Lines.Length}.");
        if (invoice.Lines[line] is { Model: null } of && of.Kind != CreditSale && !converted.Has(of))
            throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"Line {line + 1} of {invoice.Number} is no model's revenue; take it back where it came from.");
        var left = Left(invoice, notes, line);
        // A line may be negative, when an adjustment gave something back; its credit is negative, too.
        var isWithin = amount.Currency == left.Currency && amount.Sign == left.Sign && amount.Sign != 0
            && (left.Sign > 0 ? amount <= left : amount >= left);
        return isWithin
            ? invoice.Lines[line] with { Amount = amount, Receipts = 0, Counts = default }
            : throw new LedgerRefusedException(
                Refusal.InvalidCredit, $"{amount} can't be credited on line {line + 1} of {invoice.Number}; {left} are left of it.");
    }

    /// <summary>What notes took back of a line; a note's line is the invoice's by all that names it.</summary>
    public static Amount Credited(InvoiceLine line, IEnumerable<Invoice> notes) =>
        notes.SelectMany(note => note.Lines).Where(credit => Name(credit) == Name(line))
            .Aggregate(Amount.Zero(line.Amount.Currency), (sum, credit) => sum + credit.Amount);

    /// <summary>The charges that each line of a credit note takes back, after the notes of its invoice before it.</summary>
    public static ImmutableArray<ImmutableArray<InvoiceLine>> Charges(
        ImmutableArray<InvoiceLine> lines, IEnumerable<Invoice> before, ConvertedCharges converted) =>
        [.. lines.Select(line => converted.Behind(line, Credited(line, before)))];

    private static Amount Left(Invoice invoice, IReadOnlyList<Invoice> notes, int line) =>
        invoice.Lines[line].Amount - Credited(invoice.Lines[line], notes);

    private static (string, string?, string?, string?, Period) Name(InvoiceLine line) =>
        (line.Kind, line.Reference, line.Model, line.AppId, line.ServicePeriod);

    /// <summary>Numbers a document, posts its entry and stores it; a credit note with the charges it takes back.</summary>
    private static Invoice Store(
        Transaction transaction, string name, Invoice draft, ImmutableArray<ImmutableArray<InvoiceLine>> charges = default)
    {
        var year = transaction.Today.Year;
        var sequence = InvoiceRows.LastSequence(transaction.Session, draft.Entity.Subject, draft.Kind, year) + 1;
        var series = draft.Kind switch { InvoiceKind.CreditNote => "-CN", InvoiceKind.SelfBill => "-SB", _ => "" };
        var number = string.Create(CultureInfo.InvariantCulture, $"{draft.Entity.Subject}{series}-{year:D4}-{sequence:D6}");
        // A credit note lessens the revenue of the first month that is not shared out yet.
        var period = draft.Kind == InvoiceKind.CreditNote ? transaction.FirstOpen(draft.Period) : transaction.OpenPeriod;
        var (kind, postings) = Postings(draft, period, charges);
        var entry = transaction.Post(period, draft.Period, kind, number, postings);
        var invoice = draft with { Number = number, Entry = entry };
        InvoiceRows.Insert(transaction.Session, invoice, name, year, sequence);
        if (invoice.Kind == InvoiceKind.CreditNote)
            RecordDeductions(transaction, invoice, charges);
        transaction.Note("issue_invoice", number, null, invoice, LedgerJson.Default.Invoice);
        return invoice;
    }

    /// <summary>What the parties' shares are lessened by: each charge that a credit note takes back, whose evidence is its line.</summary>
    private static void RecordDeductions(Transaction transaction, Invoice note, ImmutableArray<ImmutableArray<InvoiceLine>> charges)
    {
        for (var i = 0; i < note.Lines.Length; i++)
            RecordDeductions(transaction, DeductionType.Refund, note.Number, i, note.Lines[i], charges[i], note.Entry);
    }

    /// <summary>
    /// Records what a document takes off the charges behind one of its lines, numbered from 0. The evidence is the line, and of several
    /// charges that were converted the charge.
    /// </summary>
    public static void RecordDeductions(
        Transaction transaction, DeductionType type, string document, int number, InvoiceLine line, ImmutableArray<InvoiceLine> charges,
        long? entry)
    {
        for (var i = 0; i < charges.Length; i++)
        {
            var charge = charges[i];
            if (charge.Amount.Sign == 0)
                continue;
            var evidence = string.Create(CultureInfo.InvariantCulture, $"{document}/{number + 1}");
            if (line.Model is null)
                evidence += string.Create(CultureInfo.InvariantCulture, $"/{i + 1}");
            DeductionList.Record(transaction, new(
                type, evidence, charge.ServicePeriod, charge.ServicePeriod, charge.Model, charge.AppId, charge.Amount, entry,
                IsOfNoApp: charge.AppId is null));
        }
    }

    /// <summary>What is posted for a document in a month; for a credit note by the charges that each of its lines takes back.</summary>
    public static (EntryKind Kind, ImmutableArray<Posting> Postings) Postings(
        Invoice invoice, Period period, ImmutableArray<ImmutableArray<InvoiceLine>> charges) => invoice.Kind switch
        {
            InvoiceKind.CreditNote => (EntryKind.CreditNote, CreditPostings(invoice, period, charges)),
            InvoiceKind.SelfBill => (EntryKind.SelfBill, SelfBillPostings(invoice)),
            _ => (EntryKind.Invoice, InvoicePostings(invoice)),
        };

    /// <summary>The charges are in the receivable since they were made; taxes and rounding join them.</summary>
    private static ImmutableArray<Posting> InvoicePostings(Invoice invoice) =>
    [
        new(Account.Receivable(invoice.Recipient.Subject), invoice.Total - invoice.Net),
        .. invoice.Taxes.Select(tax => new Posting(Account.OutputTax(tax.Tax.Name), -tax.Amount)),
        new(Account.Rounding, -invoice.Rounding),
    ];

    /// <summary>
    /// What was converted leaves the position as it came: at the same rate. A credit's unused part was deferred, and is no revenue.
    /// </summary>
    private static ImmutableArray<Posting> CreditPostings(
        Invoice note, Period period, ImmutableArray<ImmutableArray<InvoiceLine>> charges) =>
    [
        new(Account.Receivable(note.Recipient.Subject), -note.Total),
        .. charges.SelectMany(line => line).GroupBy(charge => (Model: charge.Model!, charge.Amount.Currency))
            .OrderBy(revenue => revenue.Key.Model, StringComparer.Ordinal).ThenBy(revenue => revenue.Key.Currency.Code, StringComparer.Ordinal)
            .Select(revenue => new Posting(Account.Revenue(period, revenue.Key.Model), Sum(revenue))),
        .. note.Lines.Where(line => line.Kind == CreditSale).Select(line => new Posting(Account.Deferred(note.Recipient.Subject), line.Amount)),
        .. Enumerable.Range(0, note.Lines.Length).Where(i => note.Lines[i].Model is null && !charges[i].IsEmpty).SelectMany(i =>
        {
            var owed = Sum(charges[i]);
            var position = Account.Position(owed.Currency, note.Currency);
            return new Posting[] { new(position, note.Lines[i].Amount), new(position, -owed) };
        }),
        .. note.Taxes.Select(tax => new Posting(Account.OutputTax(tax.Tax.Name), tax.Amount)),
        new(Account.Rounding, note.Rounding),
    ];

    /// <summary>The sum of one charge or more, in one currency.</summary>
    private static Amount Sum(IEnumerable<InvoiceLine> charges) =>
        charges.Select(charge => charge.Amount).Aggregate((sum, amount) => sum + amount);

    /// <summary>The shares are in the payable since the close; taxes and rounding join them, and what is withheld leaves.</summary>
    private static ImmutableArray<Posting> SelfBillPostings(Invoice invoice) =>
    [
        new(Account.Payable(invoice.Recipient.Subject), invoice.Net - invoice.Payable),
        .. invoice.Taxes.Select(tax => new Posting(
            tax.Tax.IsWithheld ? Account.WithheldTax(tax.Tax.Name) : Account.InputTax(tax.Tax.Name),
            tax.Tax.IsWithheld ? -tax.Amount : tax.Amount)),
        new(Account.Rounding, invoice.Rounding),
    ];

    private static string? NameOf(Session session, string subject) =>
        RegistryRows.Customer(session, subject)?.Name ?? RegistryRows.Party(session, subject)?.Name;

    private static BillingDetails Store(Transaction transaction, BillingDetails details)
    {
        var last = InvoiceRows.Details(transaction.Session, details.Subject);
        if (last is not null && last with { Version = 0 } == details with { Version = 0 })
            return last;
        var next = details with { Version = (last?.Version ?? 0) + 1 };
        InvoiceRows.InsertDetails(transaction.Session, next, transaction.Now);
        transaction.Note("set_billing", details.Subject, last, next, LedgerJson.Default.BillingDetails);
        return next;
    }
}
