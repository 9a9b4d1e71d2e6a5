namespace Ayni.Ledger;

public sealed partial class Books
{
    // Bank details and payouts.

    /// <summary>
    /// Sets where a party is paid, or from where an entity pays. The first details count at once; a change needs a second key, whatever the
    /// ledger asks for otherwise, and holds payouts back for 72 hours. Throws <see cref="ApprovalNeededException"/>.
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
                    _outbox.Tell(
                        transaction, WebhookEventType.BankDetailsChanged, subject, BankDetailsNotice.Of(details), LedgerJson.Default.BankDetailsNotice);
                return details;
            },
            cancellationToken);

    /// <summary>Where a party is paid, or from where an entity pays; null if nobody said so.</summary>
    public BankDetails? FindBankDetails(string subject) => _readers.Read(session => PayoutRows.LastBankDetails(session, subject));

    /// <summary>What could be paid now, and what waits.</summary>
    public PayoutPlan PlanPayouts(Currency currency, string? entityCode = null) => _readers.Read(session =>
        Paying.Plan(session, Invoicing.EntityOf(session, entityCode).Subject, currency, _clock.GetUtcNow()));

    /// <summary>
    /// Orders everything that can be paid: one payout for each party, of all its open documents. Throws
    /// <see cref="ApprovalNeededException"/> where the ledger asks for four eyes: then exactly this batch is proposed.
    /// </summary>
    public async Task<PayoutBatch> OrderPayoutsAsync(
        Currency currency, DateOnly executionDate, string? entityCode = null, CancellationToken cancellationToken = default)
    {
        var (batch, waiting) = await _writer.RunAsync(
            transaction =>
            {
                var code = Invoicing.EntityOf(transaction.Session, entityCode).Subject;
                var plan = Paying.Plan(transaction.Session, code, currency, transaction.Now);
                var account = Paying.DemandOrder(transaction, plan, code, currency, executionDate);
                return _fourEyes.Run(
                    transaction, ProposedAction.Payout, Paying.TermsOf(plan, code, currency, executionDate), always: false,
                    within => _paying.Order(within, plan, account, code, currency, executionDate));
            },
            cancellationToken).ConfigureAwait(false);
        return waiting is null ? batch! : throw new ApprovalNeededException(waiting);
    }

    /// <summary>Records that the bank paid a payout.</summary>
    public Task<Payout> MarkPayoutPaidAsync(
        string payoutId, string bankReference, DateOnly valueDate, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(
            transaction => Told(
                transaction, WebhookEventType.PayoutPaid, payoutId, () => Paying.MarkPaid(transaction, payoutId, bankReference, valueDate)),
            cancellationToken);

    /// <summary>Records that the bank returned a payout; what it paid is payable again.</summary>
    public Task<Payout> ReturnPayoutAsync(
        string payoutId, string bankReference, DateOnly valueDate, string reason, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(
            transaction => Told(
                transaction, WebhookEventType.PayoutReturned, payoutId,
                () => Paying.Return(transaction, payoutId, bankReference, valueDate, reason)),
            cancellationToken);

    /// <summary>A batch of payouts by its id.</summary>
    public PayoutBatch? FindPayoutBatch(string id) => _readers.Read(session => PayoutRows.FindBatch(session, id));

    /// <summary>Payouts in the order they were ordered; of one party or of every one.</summary>
    public IReadOnlyList<Payout> ListPayouts(string? partyId = null) => _readers.Read(session => PayoutRows.Payouts(session, partyId));

    /// <summary>What the bank said of a payout, told to its party when it is new.</summary>
    private Payout Told(Transaction transaction, WebhookEventType type, string payoutId, Func<Payout> record)
    {
        var before = PayoutRows.Find(transaction.Session, payoutId)?.Status;
        var payout = record();
        if (payout.Status != before)
            _outbox.Tell(transaction, type, payout.PartyId, PayoutNotice.Of(payout), LedgerJson.Default.PayoutNotice);
        return payout;
    }

    // Four eyes.

    /// <summary>Whether prices, agreements, closes and payouts need a second key.</summary>
    public bool AsksForFourEyes => _readers.Read(ApprovalRows.FourEyes);

    /// <summary>
    /// Asks for a second key from now on, or no more; the latter needs one itself. Throws <see cref="ApprovalNeededException"/>.
    /// </summary>
    public Task<bool> AskForFourEyesAsync(bool on, CancellationToken cancellationToken = default) => GuardedAsync(
        ProposedAction.FourEyesOff, "ask for four eyes no more", transaction => !on && ApprovalRows.FourEyes(transaction.Session),
        transaction =>
        {
            ApprovalRows.SetFourEyes(transaction.Session, on);
            return on;
        },
        cancellationToken, evenIfAsked: false);

    /// <summary>Proposals, oldest first.</summary>
    public IReadOnlyList<Proposal> ListProposals() => _readers.Read(session => ApprovalRows.All(session, _clock.GetUtcNow()));

    /// <summary>Approves a proposal, so that asking for the same again does it, or rejects it. Not for whoever proposed it.</summary>
    public Task<Proposal> DecideProposalAsync(string proposalId, bool approve, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => FourEyes.Decide(transaction, proposalId, approve), cancellationToken);

    /// <summary>Does something with a second key's approval where it needs one.</summary>
    /// <param name="action">What it is.</param>
    /// <param name="terms">All that the work will do, in words.</param>
    /// <param name="always">Whether it needs a second key whatever the ledger asks for.</param>
    /// <param name="work">Refuses before it writes.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <param name="evenIfAsked">Whether it needs one where the ledger asks for four eyes.</param>
    private async Task<T> GuardedAsync<T>(
        ProposedAction action, string terms, Func<Transaction, bool> always, Func<Transaction, T> work, CancellationToken cancellationToken,
        bool evenIfAsked = true)
    {
        var (result, waiting) = await _writer.RunAsync(
            transaction =>
            {
                var must = always(transaction);
                return must || evenIfAsked
                    ? _fourEyes.Run(transaction, action, terms, must, work)
                    : (work(transaction), (Proposal?)null);
            },
            cancellationToken).ConfigureAwait(false);
        return waiting is null ? result! : throw new ApprovalNeededException(waiting);
    }
}
