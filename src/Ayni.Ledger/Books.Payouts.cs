namespace Ayni.Ledger;

public sealed partial class Books
{
    // Bank details and payouts.

    /// <summary>
    /// Sets where a party is paid, or from where an entity pays. The first details count at once, by two keys where the ledger asks for
    /// them; a change needs a second key, whatever the ledger asks for otherwise, and holds payouts back for 72 hours. Throws <see
    /// cref="ApprovalNeededException"/>.
    /// </summary>
    public Task<BankDetails> SetBankDetailsAsync(
        string subject, string holder, Iban iban, Bic? bic = null, CancellationToken cancellationToken = default) =>
        GuardedAsync(
            ProposedAction.BankDetails, BankDetails.TermsOf(subject, holder, iban, bic),
            transaction => BankDetails.Changes(transaction, subject, holder, iban, bic),
            transaction =>
            {
                var last = PayoutRows.LastBankDetails(transaction.Session, subject);
                var details = BankDetails.Set(transaction, subject, holder, iban, bic);
                if (last is not null && last.Version != details.Version)
                {
                    Contacts.Tell(transaction, subject, (words, name, language) => words.OfBank(name, transaction.Actor, details, language));
                    _outbox.Tell(
                        transaction, WebhookEventType.BankDetailsChanged, subject, BankDetailsNotice.Of(details),
                        LedgerJson.Default.BankDetailsNotice);
                }
                return details;
            },
            cancellationToken);

    /// <summary>Where a party is paid, or from where an entity pays; null if nobody said so.</summary>
    public BankDetails? FindBankDetails(string subject) => _readers.Read(session => PayoutRows.LastBankDetails(session, subject));

    /// <summary>
    /// Sets whom a party, or an entity that pays, has as its contact. The first counts at once, by two keys where the ledger asks for them;
    /// a change needs a second key, whatever the ledger asks for otherwise, and who was the contact is told. Throws
    /// <see cref="ApprovalNeededException"/>.
    /// </summary>
    /// <param name="subject">The party's id or the entity's code.</param>
    /// <param name="name">The person or office.</param>
    /// <param name="email">Its e-mail address.</param>
    /// <param name="language">In which it is written to: en, ar, fa or es.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<Contact> SetContactAsync(
        string subject, string name, string email, string language = "en", CancellationToken cancellationToken = default)
    {
        var contact = new Contact(subject, 0, name, email, language, default);
        return GuardedAsync(
            ProposedAction.BankDetails, $"contact of {subject}: {name}, {email}, {language}", transaction => Contacts.Changes(transaction, contact),
            transaction => Contacts.Set(transaction, contact), cancellationToken);
    }

    /// <summary>Whom a party, or an entity, has as its contact; null if nobody said so.</summary>
    public Contact? FindContact(string subject) => _readers.Read(session => NoticeRows.LastContact(session, subject));

    /// <summary>What contacts are to be told, oldest first: of changed bank details and changed contacts.</summary>
    public IReadOnlyList<Notice> ListNotices(long after = 0, int limit = int.MaxValue) =>
        _readers.Read(session => NoticeRows.All(session, after, limit));

    /// <summary>Records that a notice was sent, and how.</summary>
    public Task<Notice> MarkNoticeSentAsync(long number, string how, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Contacts.MarkSent(transaction, number, how), cancellationToken);

    /// <summary>What could be paid now, and what waits.</summary>
    public PayoutPlan PlanPayouts(Currency currency, string? entityCode = null) => _readers.Read(session =>
        Paying.Plan(session, Invoicing.EntityOf(session, entityCode).Subject, currency, _clock.GetUtcNow()));

    /// <summary>
    /// Orders everything that can be paid: one payout for each party, of all its open documents, on a day, today unless given. Throws
    /// <see cref="ApprovalNeededException"/> where the ledger asks for four eyes: then exactly this batch is proposed.
    /// </summary>
    public async Task<PayoutBatch> OrderPayoutsAsync(
        Currency currency, DateOnly? executionDate = null, string? entityCode = null, CancellationToken cancellationToken = default)
    {
        var (batch, waiting) = await _writer.RunAsync(
            transaction =>
            {
                var day = executionDate ?? transaction.Today;
                var code = Invoicing.EntityOf(transaction.Session, entityCode).Subject;
                var plan = Paying.Plan(transaction.Session, code, currency, transaction.Now);
                var account = Paying.DemandOrder(transaction, plan, code, currency, day);
                return _fourEyes.Run(
                    transaction, ProposedAction.Payout, Paying.TermsOf(plan, code, currency, day), always: false,
                    within => _paying.Order(within, plan, account, code, currency, day));
            },
            cancellationToken).ConfigureAwait(false);
        return waiting is null ? batch! : throw new ApprovalNeededException(waiting);
    }

    /// <summary>Records that the bank paid a payout.</summary>
    public Task<Payout> MarkPayoutPaidAsync(
        string payoutId, string bankReference, DateOnly valueDate, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(
            transaction => Told(transaction, payoutId, () => Paying.MarkPaid(transaction, payoutId, bankReference, valueDate)),
            cancellationToken);

    /// <summary>Records that the bank returned a payout; what it paid is payable again.</summary>
    public Task<Payout> ReturnPayoutAsync(
        string payoutId, string bankReference, DateOnly valueDate, string reason, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(
            transaction => Told(transaction, payoutId, () => Paying.Return(transaction, payoutId, bankReference, valueDate, reason)),
            cancellationToken);

    /// <summary>
    /// Takes in what a bank says of payouts. What it settles is recorded as by hand; whatever could be paid twice by it is left to a person
    /// and said so. Taking the same in again changes nothing.
    /// </summary>
    /// <param name="report">What the bank says.</param>
    /// <param name="cancellationToken">Ends the work between two payouts; what was recorded stays.</param>
    public async Task<IReadOnlyList<BankReportOutcome>> ImportBankReportAsync(
        BankReport report, CancellationToken cancellationToken = default)
    {
        var outcomes = new List<BankReportOutcome>();
        foreach (var line in report.Lines)
        {
            if (FindPayoutBatch(line.Id) is not { } batch)
            {
                outcomes.Add(await ApplyAsync(line.Id, line).ConfigureAwait(false));
            }
            else if (line.Status != BankReportStatus.Rejected && line.Amount != batch.Total)
            {
                outcomes.Add(new(
                    batch.Id, BankReportResult.Unresolved,
                    line.Amount is null ? Paying.AmountUnknown : $"{line.Amount} were booked for all of it, not {batch.Total}"));
            }
            else
            {
                foreach (var payout in batch.Payouts)
                {
                    var part = line with { Amount = line.Amount is null ? null : payout.Amount };
                    outcomes.Add(await ApplyAsync(payout.Id, part).ConfigureAwait(false));
                }
            }
        }
        return outcomes;

        Task<BankReportOutcome> ApplyAsync(string payoutId, BankReportLine line) => _writer.RunAsync(
            transaction =>
            {
                var outcome = Paying.Apply(transaction, payoutId, line);
                if (outcome.Result is BankReportResult.Paid or BankReportResult.Returned)
                    Tell(transaction, PayoutRows.Find(transaction.Session, payoutId)!);
                return outcome;
            },
            cancellationToken);
    }

    /// <summary>A batch of payouts by its id.</summary>
    public PayoutBatch? FindPayoutBatch(string id) => _readers.Read(session => PayoutRows.FindBatch(session, id));

    /// <summary>Payouts in the order they were ordered; of one party or of every one.</summary>
    public IReadOnlyList<Payout> ListPayouts(string? partyId = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => PayoutRows.Payouts(session, partyId, after, limit));

    /// <summary>What the bank said of a payout, told to its party when it is new.</summary>
    private Payout Told(Transaction transaction, string payoutId, Func<Payout> record)
    {
        var before = PayoutRows.Find(transaction.Session, payoutId)?.Status;
        var payout = record();
        if (payout.Status != before)
            Tell(transaction, payout);
        return payout;
    }

    private void Tell(Transaction transaction, Payout payout) => _outbox.Tell(
        transaction, payout.Status == PayoutStatus.Paid ? WebhookEventType.PayoutPaid : WebhookEventType.PayoutReturned, payout.PartyId,
        PayoutNotice.Of(payout), LedgerJson.Default.PayoutNotice);
}
