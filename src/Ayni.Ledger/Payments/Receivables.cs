using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// Records what customers paid, got back and will not pay. Each method is one job of the writer: it refuses, or it writes. What the bank
/// calls a movement of money makes it one: recorded again, it is found.
/// </summary>
internal sealed class Receivables(Identifiers identifiers)
{
    public Payment Pay(Transaction transaction, string customerId, Amount amount, string bankReference, DateOnly valueDate)
    {
        if (FindSame(transaction.Session, PaymentKind.Payment, customerId, amount, bankReference) is { } first)
            return first;
        DemandAmount(DemandCustomer(transaction.Session, customerId), amount);
        return Store(
            transaction, EntryKind.Payment,
            new("", PaymentKind.Payment, customerId, amount, bankReference, valueDate, transaction.Now, null, 0));
    }

    /// <summary>
    /// Records a refund of what was paid too much. Refused beyond that: what is owed is reduced by a credit note first, so that every
    /// refund has a reason on paper.
    /// </summary>
    public Payment Refund(Transaction transaction, string customerId, Amount amount, string bankReference, DateOnly valueDate)
    {
        if (FindSame(transaction.Session, PaymentKind.Refund, customerId, amount, bankReference) is { } first)
            return first;
        var customer = DemandCustomer(transaction.Session, customerId);
        DemandAmount(customer, amount);
        var account = AccountOf(transaction.Session, customer, transaction.Today);
        if (amount > account.Credit)
            throw new LedgerRefusedException(
                Refusal.RefundExceedsCredit,
                $"{customerId} has {account.Credit} to its credit; issue a credit note before {amount} are refunded.");
        return Store(
            transaction, EntryKind.Refund,
            new("", PaymentKind.Refund, customerId, amount, bankReference, valueDate, transaction.Now, null, 0));
    }

    /// <summary>Records that the bank took a payment back; its invoices are open again.</summary>
    public Payment Reverse(Transaction transaction, string paymentId, string bankReference, DateOnly valueDate)
    {
        var payment = PaymentRows.Find(transaction.Session, paymentId) is { Kind: PaymentKind.Payment } found
            ? found
            : throw Registry.Unknown(Refusal.UnknownPayment, "payment", paymentId);
        if (FindSame(transaction.Session, PaymentKind.Reversal, payment.CustomerId, payment.Amount, bankReference) is { } first
            && first.Reverses == paymentId)
            return first;
        if (PaymentRows.ReversalOf(transaction.Session, paymentId) is { } before)
            throw new LedgerRefusedException(Refusal.AlreadyReversed, $"{paymentId} was reversed before as {before.Id}.");
        return Store(
            transaction, EntryKind.PaymentReversal,
            payment with
            {
                Kind = PaymentKind.Reversal,
                BankReference = bankReference,
                ValueDate = valueDate,
                Recorded = transaction.Now,
                Reverses = paymentId,
            });
    }

    /// <summary>Gives up what is open of an invoice. Charges that were converted are what its month converted.</summary>
    public WriteOff WriteOff(Transaction transaction, string number, string reason, ConvertedCharges converted)
    {
        Text.Demand(reason, "reason");
        var invoice = Invoicing.Demand(transaction.Session, number);
        var customer = RegistryRows.Customer(transaction.Session, invoice.Recipient.Subject);
        var open = customer is null
            ? Amount.Zero(invoice.Currency)
            : AccountOf(transaction.Session, customer, transaction.Today).Invoices
                .FirstOrDefault(state => state.Number == number)?.Open ?? Amount.Zero(invoice.Currency);
        if (open.Sign <= 0)
            throw new LedgerRefusedException(Refusal.InvalidCredit, $"Nothing is open of {number}, so nothing can be given up.");
        return Store(transaction, EntryKind.WriteOff, customer!.Id, new("", number, open, reason, transaction.Now, null, 0), converted);
    }

    /// <summary>Takes a claim up again, because it may be paid after all.</summary>
    public WriteOff ReverseWriteOff(Transaction transaction, string writeOffId, string reason, ConvertedCharges converted)
    {
        Text.Demand(reason, "reason");
        var writeOff = PaymentRows.FindWriteOff(transaction.Session, writeOffId) is { Reverses: null } found
            ? found
            : throw Registry.Unknown(Refusal.UnknownPayment, "write-off", writeOffId);
        if (PaymentRows.ReversalOfWriteOff(transaction.Session, writeOffId) is { } before)
            throw new LedgerRefusedException(Refusal.AlreadyReversed, $"{writeOffId} was reversed before as {before.Id}.");
        var customerId = Invoicing.Demand(transaction.Session, writeOff.Invoice).Recipient.Subject;
        return Store(
            transaction, EntryKind.WriteOffReversal, customerId,
            writeOff with { Reason = reason, Recorded = transaction.Now, Reverses = writeOffId }, converted);
    }

    /// <summary>A customer's invoices against its payments.</summary>
    public static CustomerAccount AccountOf(Session session, Customer customer, DateOnly today) => CustomerAccount.Of(
        customer, InvoiceRows.OfSubject(session, customer.Id), PaymentRows.All(session, customer.Id),
        PaymentRows.WriteOffsOf(session, customer.Id), today);

    /// <summary>What is posted for a payment, refund or reversal.</summary>
    public static ImmutableArray<Posting> Postings(Payment payment) =>
        [new(Account.Bank, payment.Paid), new(Account.Receivable(payment.CustomerId), -payment.Paid)];

    /// <summary>What is posted for a claim given up or taken up again.</summary>
    public static ImmutableArray<Posting> Postings(WriteOff writeOff, string customerId) =>
        [new(Account.BadDebts, writeOff.GivenUp), new(Account.Receivable(customerId), -writeOff.GivenUp)];

    /// <summary>The customer whom a row of a file is about.</summary>
    public static string CustomerOf(Session session, PaymentRow row)
    {
        if (row.Invoice is null)
            return RegistryRows.Customer(session, row.CustomerId!)?.Id
                ?? throw new LedgerRefusedException(Refusal.UnknownCustomer, AtLine(row.Line, $"There is no customer '{row.CustomerId}'."));
        if (InvoiceRows.Find(session, row.Invoice) is not { Kind: InvoiceKind.Invoice } invoice)
            throw new LedgerRefusedException(Refusal.UnknownInvoice, AtLine(row.Line, $"There is no invoice '{row.Invoice}'."));
        var customerId = invoice.Recipient.Subject;
        return row.CustomerId is null || row.CustomerId == customerId
            ? customerId
            : throw new LedgerRefusedException(
                Refusal.UnknownInvoice, AtLine(row.Line, $"{row.Invoice} is an invoice of {customerId}, not of {row.CustomerId}."));
    }

    public static string AtLine(long line, string message) => string.Create(CultureInfo.InvariantCulture, $"Line {line}: {message}");

    public static Customer DemandCustomer(Session session, string customerId) =>
        RegistryRows.Customer(session, customerId) ?? throw Registry.Unknown(Refusal.UnknownCustomer, "customer", customerId);

    private static Payment? FindSame(Session session, PaymentKind kind, string customerId, Amount amount, string bankReference)
    {
        Text.Demand(bankReference, "bank reference");
        if (PaymentRows.FindByBankReference(session, bankReference) is not { } first)
            return null;
        return first.Kind == kind && first.CustomerId == customerId && first.Currency == amount.Currency && first.Amount == amount
            ? first
            : throw new LedgerRefusedException(
                Refusal.BankReferenceReused,
                $"'{bankReference}' is {first.Id} already, a {first.Kind.Name()} of {first.Amount} for {first.CustomerId}.");
    }

    private static void DemandAmount(Customer customer, Amount amount)
    {
        if (amount.Sign <= 0 || !amount.IsWholeMinorUnits || amount.Currency != customer.Currency)
            throw new LedgerRefusedException(
                Refusal.InvalidPayment,
                $"{amount} is nothing {customer.Id} can pay or be paid; give more than nothing, in {customer.Currency} and whole coins.");
    }

    private Payment Store(Transaction transaction, EntryKind kind, Payment payment)
    {
        ValueDate.Demand(transaction, payment.ValueDate);

        // From here on nothing is refused.
        payment = payment with { Id = identifiers.New("pay") };
        var period = transaction.OpenPeriod;
        payment = payment with
        {
            Entry = transaction.Post(period, period, kind, payment.Id, Postings(payment)),
        };
        PaymentRows.Insert(transaction.Session, payment);
        transaction.Note("record_payment", payment.Id, null, payment, LedgerJson.Default.Payment);
        return payment;
    }

    private WriteOff Store(Transaction transaction, EntryKind kind, string customerId, WriteOff writeOff, ConvertedCharges converted)
    {
        // From here on nothing is refused.
        writeOff = writeOff with { Id = identifiers.New("wof") };
        var period = transaction.OpenPeriod;
        writeOff = writeOff with
        {
            Entry = transaction.Post(period, period, kind, writeOff.Id, Postings(writeOff, customerId)),
        };
        PaymentRows.Insert(transaction.Session, writeOff);
        transaction.Note("write_off", writeOff.Id, null, writeOff, LedgerJson.Default.WriteOff);
        RecordDeductions(transaction, Invoicing.Demand(transaction.Session, writeOff.Invoice), writeOff, converted);
        return writeOff;
    }

    /// <summary>
    /// What a claim given up lessens the bases of shares by, where an agreement takes bad debts off: its part of each line, without tax, of
    /// the charges behind it.
    /// </summary>
    private static void RecordDeductions(Transaction transaction, Invoice invoice, WriteOff writeOff, ConvertedCharges converted)
    {
        Amount[] parts = [.. invoice.Lines.Select(line => line.Amount), .. invoice.Taxes.Select(tax => tax.Amount)];
        var shares = writeOff.GivenUp.SplitInProportion(parts);
        for (var i = 0; i < invoice.Lines.Length; i++)
        {
            var line = invoice.Lines[i] with { Amount = shares[i] };
            var charges = converted.Behind(line, Amount.Zero(invoice.Currency));
            Invoicing.RecordDeductions(transaction, DeductionType.BadDebt, writeOff.Id, i, line, charges, entry: null);
        }
    }
}
