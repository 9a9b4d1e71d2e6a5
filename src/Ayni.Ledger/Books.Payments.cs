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

    /// <summary>Customers' invoices against their payments as of today, oldest customer first; of at most so many, after another.</summary>
    public IReadOnlyList<CustomerAccount> Accounts(string after = "", int limit = int.MaxValue) =>
        _readers.Read<IReadOnlyList<CustomerAccount>>(session =>
        {
            var today = TodayIn(session);
            return
            [
                .. RegistryRows.Customers(session, null, after, limit).Select(customer => Receivables.AccountOf(session, customer, today)),
            ];
        });

    /// <summary>Payments, refunds and reversals, oldest first: every one, or a customer's; at most so many, after another.</summary>
    public IReadOnlyList<Payment> ListPayments(string? customerId = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => PaymentRows.All(session, customerId, after, limit));

    /// <summary>What was given up of invoices and taken up again, oldest first; at most so much, after another.</summary>
    public IReadOnlyList<WriteOff> ListWriteOffs(string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => PaymentRows.AllWriteOffs(session, after, limit));

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
