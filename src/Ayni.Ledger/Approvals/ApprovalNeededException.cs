namespace Ayni.Ledger;

/// <summary>What was asked for is proposed and waits for a second key; nothing else was done.</summary>
public sealed class ApprovalNeededException(Proposal proposal)
    : LedgerException(
        $"This needs a second key: it waits as {proposal.Id} for somebody else than {proposal.ProposedBy} to approve it; "
        + "then ask for the same again.")
{
    /// <summary>What waits.</summary>
    public Proposal Proposal { get; } = proposal;
}
