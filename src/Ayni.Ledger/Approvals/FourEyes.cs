namespace Ayni.Ledger;

/// <summary>
/// Maker and approver are two. Who asks for something proposes it by asking; when another key has approved the same words, asking again
/// does it, once. Each method is one job of the writer.
/// </summary>
internal sealed class FourEyes(Identifiers identifiers)
{
    /// <summary>How long a proposal waits.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromDays(14);

    /// <summary>
    /// Does the work if it needs no second key or has its approval, which it then uses up; else leaves a proposal, found or new, and does
    /// nothing.
    /// </summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="action">What it is.</param>
    /// <param name="terms">All that the work will do, in words.</param>
    /// <param name="always">Whether it needs a second key whatever the ledger asks for.</param>
    /// <param name="work">Refuses before it writes.</param>
    public (T? Result, Proposal? Waiting) Run<T>(
        Transaction transaction, ProposedAction action, string terms, bool always, Func<Transaction, T> work)
    {
        var session = transaction.Session;
        if (!always && !ApprovalRows.FourEyes(session))
            return (work(transaction), null);
        var proposal = ApprovalRows.Last(session, action, terms, transaction.Now);
        if (proposal is { Status: ProposalStatus.Approved })
        {
            var result = work(transaction);
            ApprovalRows.MarkDone(session, proposal.Id, transaction.Now);
            return (result, null);
        }
        if (proposal is not { Status: ProposalStatus.Open })
        {
            proposal = new(
                identifiers.New("prp"), action, terms, transaction.Actor, transaction.Now, transaction.Now + Patience, null,
                ProposalStatus.Open);
            ApprovalRows.Insert(session, proposal);
            transaction.Note("propose", proposal.Id, null, proposal, LedgerJson.Default.Proposal);
        }
        return (default, proposal);
    }

    /// <summary>Approves or rejects a proposal. Refused to its maker, and to keys that are neither an operator's nor finance's.</summary>
    public static Proposal Decide(Transaction transaction, string proposalId, bool approve)
    {
        var session = transaction.Session;
        var proposal = ApprovalRows.Find(session, proposalId, transaction.Now)
            ?? throw Registry.Unknown(Refusal.UnknownProposal, "proposal", proposalId);
        if (proposal.Status != ProposalStatus.Open)
            throw new LedgerRefusedException(Refusal.NotOpen, $"{proposalId} is {proposal.Status.Name()} and can't be decided any more.");
        var actor = transaction.Actor;
        // To reject one's own proposal is to withdraw it.
        if (approve && actor == proposal.ProposedBy)
            throw new LedgerRefusedException(Refusal.SameKey, $"{actor} proposed {proposalId}; another key approves it.");
        var role = RegistryRows.Key(session, actor)?.Role;
        if (actor.StartsWith("key_", StringComparison.Ordinal) && role?.Decides() != true)
            throw new LedgerRefusedException(
                Refusal.SameKey, $"{actor} is neither an operator's key nor finance's, so it decides nothing.");
        ApprovalRows.Decide(session, proposalId, actor, approve, transaction.Now);
        var decided = proposal with { DecidedBy = actor, Status = approve ? ProposalStatus.Approved : ProposalStatus.Rejected };
        transaction.Note(approve ? "approve" : "reject", proposalId, proposal, decided, LedgerJson.Default.Proposal);
        return decided;
    }
}
