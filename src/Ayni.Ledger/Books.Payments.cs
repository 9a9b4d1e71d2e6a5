namespace Ayni.Ledger;

public sealed partial class Books
{
    // Payments, refunds, write-offs.

    /// <summary>
    /// Records money that a customer paid. It covers the customer's invoices from the oldest on; what is left over is credit. The same
    /// bank reference recorded again gives the first payment.
    /// </summary>
    public Task<Payment> RecordPaymentAsync(
        string customerId, Amount amount, string bankReference, DateOnly valueDate, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _receivables.Pay(transaction, customerId, amount, bankReference, valueDate), cancellationToken);

    /// <summary>
    /// Records a bank's file of payments. Every row's customer is found before any is recorded; a row that is refused ends the import with
    /// its line, and importing the file again goes on from there.
    /// </summary>
    public async Task<IReadOnlyList<Payment>> ImportPaymentsAsync(
        IReadOnlyList<PaymentRow> rows, CancellationToken cancellationToken = default)
    {
        var customers = _readers.Read(session => rows.Select(row => Receivables.CustomerOf(session, row)).ToList());
        var payments = new List<Payment>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            try
            {
                payments.Add(await RecordPaymentAsync(
                    customers[i], rows[i].Amount, rows[i].BankReference, rows[i].ValueDate, cancellationToken).ConfigureAwait(false));
            }
            catch (LedgerRefusedException refused)
            {
                throw new LedgerRefusedException(refused.Refusal, Receivables.AtLine(rows[i].Line, refused.Message));
            }
        }
        return payments;
    }

    /// <summary>Records money given back to a customer, out of what it has to its credit.</summary>
    public Task<Payment> RecordRefundAsync(
        string customerId, Amount amount, string bankReference, DateOnly valueDate, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _receivables.Refund(transaction, customerId, amount, bankReference, valueDate), cancellationToken);

    /// <summary>Records that the bank took a payment back.</summary>
    public Task<Payment> ReversePaymentAsync(
        string paymentId, string bankReference, DateOnly valueDate, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _receivables.Reverse(transaction, paymentId, bankReference, valueDate), cancellationToken);

    /// <summary>Gives up what is open of an invoice.</summary>
    public async Task<WriteOff> WriteOffAsync(string invoiceNumber, string reason, CancellationToken cancellationToken = default)
    {
        var converted = await ConvertedOfAsync(_ => invoiceNumber, cancellationToken).ConfigureAwait(false);
        return await _writer.RunAsync(
            transaction => _receivables.WriteOff(transaction, invoiceNumber, reason, converted), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a claim up again that was given up.</summary>
    public async Task<WriteOff> ReverseWriteOffAsync(string writeOffId, string reason, CancellationToken cancellationToken = default)
    {
        var converted = await ConvertedOfAsync(
            session => PaymentRows.FindWriteOff(session, writeOffId)?.Invoice, cancellationToken).ConfigureAwait(false);
        return await _writer.RunAsync(
            transaction => _receivables.ReverseWriteOff(transaction, writeOffId, reason, converted), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A customer's invoices against its payments as of today.</summary>
    public CustomerAccount AccountOf(string customerId) => _readers.Read(session =>
        Receivables.AccountOf(session, Receivables.DemandCustomer(session, customerId), TodayIn(session)));

    /// <summary>Every customer's invoices against its payments as of today, oldest customer first.</summary>
    public IReadOnlyList<CustomerAccount> Accounts() => _readers.Read<IReadOnlyList<CustomerAccount>>(session =>
    {
        var today = TodayIn(session);
        return [.. RegistryRows.Customers(session).Select(customer => Receivables.AccountOf(session, customer, today))];
    });

    /// <summary>Payments, refunds and reversals, oldest first; of one customer or of every one.</summary>
    public IReadOnlyList<Payment> ListPayments(string? customerId = null) => _readers.Read(session =>
        customerId is null ? PaymentRows.All(session) : PaymentRows.OfCustomer(session, customerId));

    /// <summary>At most so many payments, refunds and reversals, oldest first, after another; of a customer, or of all.</summary>
    public IReadOnlyList<Payment> ListPayments(string? customerId, string after, int limit) =>
        _readers.Read(session => PaymentRows.List(session, customerId, after, limit));

    /// <summary>What was given up of invoices and taken up again, oldest first.</summary>
    public IReadOnlyList<WriteOff> ListWriteOffs() => _readers.Read(PaymentRows.AllWriteOffs);

    /// <summary>The journal from one instant to before another, entry by entry.</summary>
    public void ExportJournal(DateTimeOffset from, DateTimeOffset until, Action<Entry> each) => _readers.Read(session =>
    {
        JournalRows.ForEachEntry(session, from, until, each);
        return true;
    });

    /// <summary>What every account had come to at an instant; or the accounts of one party. Reads every posting until then.</summary>
    public IReadOnlyList<Balance> Balances(DateTimeOffset at, string? partyId = null) =>
        _readers.Read(session => JournalRows.BalancesAt(session, partyId is null ? "" : $"party:{partyId}:", at));

    private DateOnly TodayIn(Session session) => LedgerRows.Zone(session).DayOf(_clock.GetUtcNow());
}
