namespace Ayni.Ledger;

public sealed partial class Books
{
    // Four eyes.

    /// <summary>Whether prices, agreements, closes, payouts and the keys that decide them need a second key.</summary>
    public bool AsksForFourEyes => _readers.Read(ApprovalRows.FourEyes);

    /// <summary>
    /// Asks for a second key from now on, or no more; the latter needs one itself. Throws <see cref="ApprovalNeededException"/>.
    /// </summary>
    public Task<bool> AskForFourEyesAsync(bool on, CancellationToken cancellationToken = default) => GuardedAsync(
        ProposedAction.FourEyesOff, "ask for four eyes no more", transaction => !on && ApprovalRows.FourEyes(transaction.Session),
        transaction =>
        {
            var before = ApprovalRows.FourEyes(transaction.Session);
            if (before != on)
            {
                ApprovalRows.SetFourEyes(transaction.Session, on);
                transaction.Note("ask_for_four_eyes", "ledger", new(before), new(on), LedgerJson.Default.FourEyesState);
            }
            return on;
        },
        cancellationToken, ifAsked: _ => false);

    /// <summary>Proposals, oldest first.</summary>
    public IReadOnlyList<Proposal> ListProposals(string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => ApprovalRows.All(session, _clock.GetUtcNow(), after, limit));

    /// <summary>Approves a proposal, so that asking for the same again does it, or rejects it. Not for whoever proposed it.</summary>
    public Task<Proposal> DecideProposalAsync(string proposalId, bool approve, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => FourEyes.Decide(transaction, proposalId, approve), cancellationToken);

    /// <summary>Does something with a second key's approval where it needs one.</summary>
    /// <param name="action">What it is.</param>
    /// <param name="terms">All that the work will do, in words.</param>
    /// <param name="always">Whether it needs a second key whatever the ledger asks for.</param>
    /// <param name="work">Refuses before it writes.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <param name="ifAsked">Whether it needs one where the ledger asks for four eyes; it does unless given.</param>
    private async Task<T> GuardedAsync<T>(
        ProposedAction action, string terms, Func<Transaction, bool> always, Func<Transaction, T> work, CancellationToken cancellationToken,
        Func<Transaction, bool>? ifAsked = null)
    {
        var (result, waiting) = await _writer.RunAsync(
            transaction =>
            {
                var must = always(transaction);
                return must || ifAsked?.Invoke(transaction) != false
                    ? _fourEyes.Run(transaction, action, terms, must, work)
                    : (work(transaction), (Proposal?)null);
            },
            cancellationToken).ConfigureAwait(false);
        return waiting is null ? result! : throw new ApprovalNeededException(waiting);
    }
}
