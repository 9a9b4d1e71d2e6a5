using System.Collections.Immutable;

namespace Ayni.Ledger;

public sealed partial class Books
{
    // Invoices, credit notes, self-billing.

    /// <summary>Enters a legal entity that issues invoices, or changes what they say about it from now on.</summary>
    /// <param name="details">
    /// Its subject is the entity's code, 1 to 8 capital letters and digits, which begins the invoices' numbers.
    /// </param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<BillingDetails> SetEntityAsync(BillingDetails details, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Invoicing.SetEntity(transaction, details), cancellationToken);

    /// <summary>The entities and the details that their next invoices show, by code.</summary>
    public IReadOnlyList<BillingDetails> ListEntities(string after = "", int limit = int.MaxValue) =>
        _readers.Read<IReadOnlyList<BillingDetails>>(session =>
            [.. InvoiceRows.Entities(session, after, limit).Select(code => InvoiceRows.Details(session, code)!)]);

    /// <summary>Changes what invoices say about a customer or party from now on: address, tax id, taxes, days to pay.</summary>
    public Task<BillingDetails> SetBillingAsync(BillingDetails details, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Invoicing.SetDetails(transaction, details), cancellationToken);

    /// <summary>What the next invoice of a customer or party shows; null where only the name is known.</summary>
    public BillingDetails? FindBilling(string subject) => _readers.Read(session => InvoiceRows.Details(session, subject));

    /// <summary>
    /// Issues a closed month's invoices: one for each customer that was charged, and one in each party's name for what became payable to
    /// it. A month is invoiced once: asking again issues what is missing and finds the rest.
    /// </summary>
    /// <param name="period">The month.</param>
    /// <param name="entityCode">The entity that issues them; may be left out if there is one.</param>
    /// <param name="cancellationToken">Ends the work between two invoices; what was issued stays issued.</param>
    public async Task<IReadOnlyList<Invoice>> IssueInvoicesAsync(
        Period period, string? entityCode = null, CancellationToken cancellationToken = default)
    {
        _readers.Read(session => Invoicing.EntityOf(session, entityCode));
        if (StatusOf(period) != PeriodStatus.Closed)
            throw new LedgerRefusedException(Refusal.PeriodNotClosed, $"{period} is not closed; close it, then issue its invoices.");
        // A closed month stands still, so its invoices can be computed beside the writer.
        var (customers, parties) = await Task.Run(
            () => _readers.Read(session => (InvoiceDrafts.OfCustomers(session, period), InvoiceDrafts.OfParties(session, period))),
            cancellationToken).ConfigureAwait(false);
        var issued = new List<Invoice>(customers.Count + parties.Count);
        foreach (var (kind, draft) in customers.Select(draft => (InvoiceKind.Invoice, draft))
            .Concat(parties.Select(draft => (InvoiceKind.SelfBill, draft))))
        {
            issued.Add(await _writer.RunAsync(
                transaction => InvoiceRows.FindOfMonth(transaction.Session, draft.Subject, period, draft.Currency)
                    ?? Told(transaction, Invoicing.Issue(transaction, kind, period, draft, entityCode)),
                cancellationToken).ConfigureAwait(false));
        }
        return issued;
    }

    /// <summary>
    /// Issues a credit note for parts of an invoice's lines, which are numbered from 0. Asked again by the same reference, it gives the
    /// first.
    /// </summary>
    public Task<Invoice> CreditInvoiceAsync(
        string number, ImmutableArray<(int Line, Amount Amount)> credits, string reason, string? reference = null,
        CancellationToken cancellationToken = default) => CreditAsync(
            number, string.Join("\n", credits.Select(credit => FormattableString.Invariant($"{credit.Line} {credit.Amount}"))), (_, _) => credits,
            reason, reference, cancellationToken);

    /// <summary>
    /// Issues a credit note for all that is left of an invoice. Asked again by the same reference, it gives the first.
    /// </summary>
    public Task<Invoice> CreditInvoiceAsync(
        string number, string reason, string? reference = null, CancellationToken cancellationToken = default) =>
        CreditAsync(number, "all", (session, _) => Invoicing.AllThatIsLeft(session, number), reason, reference, cancellationToken);

    /// <summary>
    /// Gives back what is unused of a credit: by a credit note for its line of the invoice it was sold on, or while the month is open in
    /// which it was sold, in that month, whose invoice it then lessens. Asked again by the same reference, it gives the first.
    /// </summary>
    public async Task<ReturnedCredit> ReturnCreditAsync(
        string creditId, string reason, string? reference = null, CancellationToken cancellationToken = default)
    {
        const string action = "return_credit";
        if (_readers.Read(session => reference is not null && ReferenceRows.Find(session, action, reference) is not null
            ? null
            : CreditList.InvoiceOf(session, creditId)) is { } number)
        {
            var note = await CreditAsync(
                number, creditId,
                (session, used) => [(CreditList.LineOf(Invoicing.Demand(session, number), creditId), CreditList.Demand(session, creditId).Unused(used))],
                reason, reference, cancellationToken).ConfigureAwait(false);
            return new(note.Number, creditId, note.Net, reason, note);
        }
        var used = await Task.Run(() => _readers.Read(session => CreditList.UsedSoFar(session, _clock.GetUtcNow())), cancellationToken)
            .ConfigureAwait(false);
        return await _writer.RunAsync(
            transaction => CallersReference.Once(
                transaction, action, reference, $"{creditId}\n{reason}",
                () => new CreditList(_identifiers).Return(transaction, creditId, reason, used), returned => returned.Id, id => CreditRows.FindReturn(transaction.Session, id)!),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An invoice, credit note or self-billing document by its number.</summary>
    public Invoice? FindInvoice(string number) => _readers.Read(session => InvoiceRows.Find(session, number));

    /// <summary>
    /// Documents in the order they were issued; null stands for any kind, month and recipient. At most so many, after the one of a number.
    /// </summary>
    public IReadOnlyList<Invoice> ListInvoices(
        InvoiceKind? kind, Period? period = null, string? subject = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => InvoiceRows.List(session, kind, period, subject, after, limit));

    /// <summary>A customer's or party's documents of every kind, in the order they were issued.</summary>
    public IReadOnlyList<Invoice> ListInvoices(string subject) => _readers.Read(session => InvoiceRows.OfSubject(session, subject));

    /// <summary>
    /// A document with what its print shows beside it: to which account the customer pays, as it was known when it was issued.
    /// </summary>
    public PrintableInvoice ToPrintable(Invoice invoice) => new(
        invoice,
        invoice.Kind == InvoiceKind.Invoice
            ? _readers.Read(session => PayoutRows.BankDetailsAt(session, invoice.Entity.Subject, invoice.Issued))
            : null);

    /// <summary>
    /// What the month of an invoice converted. A closed month stands still, so it is read beside the writer; of an unknown invoice, which
    /// is refused later, it is nothing.
    /// </summary>
    private Task<ConvertedCharges> ConvertedOfAsync(Func<Session, string?> numberOf, CancellationToken cancellationToken) => Task.Run(
        () => _readers.Read(session => numberOf(session) is { } number
            && InvoiceRows.Find(session, number) is { Kind: InvoiceKind.Invoice } invoice
            && invoice.Lines.Any(line => line.Kind == "conversion")
                ? ConvertedCharges.Of(session, invoice.Period)
                : new()),
        cancellationToken);

    private async Task<Invoice> CreditAsync(
        string number, string asked, Func<Session, IReadOnlyList<CreditUse>, ImmutableArray<(int Line, Amount Amount)>> credits, string reason,
        string? reference, CancellationToken cancellationToken)
    {
        var converted = await ConvertedOfAsync(_ => number, cancellationToken).ConfigureAwait(false);
        // What is used meanwhile is not paid by what was given back: a close never uses more of a credit than is left.
        var used = await Task.Run(
            () => _readers.Read<IReadOnlyList<CreditUse>>(session =>
                InvoiceRows.Find(session, number)?.Lines.Any(line => line.Kind == Invoicing.CreditSale) == true
                    ? CreditList.UsedSoFar(session, _clock.GetUtcNow())
                    : []),
            cancellationToken).ConfigureAwait(false);
        return await _writer.RunAsync(
            transaction => CallersReference.Once(
                transaction, "credit_invoice", reference, $"{number}\n{asked}\n{reason}",
                () =>
                {
                    var note = Told(
                        transaction, Invoicing.Credit(transaction, number, credits(transaction.Session, used), reason, converted, used));
                    transaction.ForgetCredits();
                    return note;
                },
                note => note.Number, id => Invoicing.Demand(transaction.Session, id)),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A document just issued, told to its recipient.</summary>
    private Invoice Told(Transaction transaction, Invoice invoice)
    {
        _outbox.Tell(transaction, WebhookEventType.InvoiceIssued, invoice.Recipient.Subject, invoice, LedgerJson.Default.Invoice);
        return invoice;
    }
}
