namespace Ayni.Receipts;

/// <summary>What a verifier checks. Each check has a name, so that a refusal can say which one it is.</summary>
[Flags]
public enum ProofCheck
{
    /// <summary>The bytes are no proof at all.</summary>
    Format = 0,

    /// <summary>What people read is what the proven bytes say.</summary>
    View = 1 << 0,

    /// <summary>A signature is its key's over exactly these bytes.</summary>
    Signature = 1 << 1,

    /// <summary>A signing key has the log's certificate.</summary>
    Certificate = 1 << 2,

    /// <summary>A signing key was not revoked when it signed.</summary>
    Revocation = 1 << 3,

    /// <summary>Leaves and nodes are hashed with different first bytes, so that neither passes for the other.</summary>
    DomainSeparation = 1 << 4,

    /// <summary>A path leads from a leaf to the root.</summary>
    Path = 1 << 5,

    /// <summary>A node's hash binds both children's sums, not only their total.</summary>
    BoundSums = 1 << 6,

    /// <summary>No sum is negative or larger than its width.</summary>
    Range = 1 << 7,

    /// <summary>Adding sums never wraps around.</summary>
    Overflow = 1 << 8,

    /// <summary>A leaf opens to this receipt and no other.</summary>
    Commitment = 1 << 9,

    /// <summary>Leaves are in strictly ascending order of their ids, so that none is there twice.</summary>
    Order = 1 << 10,

    /// <summary>The two leaves that prove an absence stand side by side.</summary>
    Neighbours = 1 << 11,

    /// <summary>A key's receipts are numbered without a gap and chained.</summary>
    KeyNumbers = 1 << 12,

    /// <summary>A key's receipts go on to the last number committed to.</summary>
    KeyTails = 1 << 13,

    /// <summary>A list's items are those that its root commits to.</summary>
    List = 1 << 14,

    /// <summary>Lists, trees and shares add up to one another.</summary>
    Totals = 1 << 15,

    /// <summary>The shares are those that the agreement gives.</summary>
    Split = 1 << 16,

    /// <summary>A log only grows: a later checkpoint contains the earlier one.</summary>
    Growth = 1 << 17,

    /// <summary>Two checkpoints of one size are the same.</summary>
    SingleView = 1 << 18,

    /// <summary>What is to be in the log is in it.</summary>
    Inclusion = 1 << 19,

    /// <summary>Everybody has accepted an agreement who must, and those who have a key by its signature.</summary>
    Acceptance = 1 << 20,

    /// <summary>What can't be opened is an erased customer's, all of it, and the log holds the erasure.</summary>
    Erasure = 1 << 21,

    /// <summary>A month goes on from where the one before ended.</summary>
    Continuity = 1 << 22,

    /// <summary>No agreement is left out that the log holds.</summary>
    Agreements = 1 << 23,

    /// <summary>A deduction is what its customer signed, where that is said to be its evidence.</summary>
    Evidence = 1 << 24,

    /// <summary>
    /// A host keeps to the promise that its certificate states, from when it says that it signed, which is not yet to come.
    /// </summary>
    Promise = 1 << 25,
}

/// <summary>
/// The checks a verifier makes: all of them. Only tests, which must show that each check is needed, can leave one out.
/// </summary>
internal readonly record struct ProofChecks(ProofCheck Disabled)
{
    /// <summary>Every check.</summary>
    public static ProofChecks All => default;

    /// <summary>Whether a check is made.</summary>
    public bool Has(ProofCheck check) => check == ProofCheck.Format || (Disabled & check) == 0;

    /// <summary>Throws <see cref="ProofException"/> if a check is made and fails.</summary>
    public void Demand(ProofCheck check, bool holds, string problem)
    {
        if (!holds && Has(check))
            throw new ProofException(check, problem);
    }
}

/// <summary>Something that is no proof, or proves something else.</summary>
public sealed class ProofException(ProofCheck check, string problem) : LedgerException(problem)
{
    /// <summary>The check that failed.</summary>
    public ProofCheck Check { get; } = check;
}
