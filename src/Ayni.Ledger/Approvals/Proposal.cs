namespace Ayni.Ledger;

/// <summary>Something that one key wants to do and another has to approve.</summary>
/// <param name="Id"><c>prp_…</c></param>
/// <param name="Action">What it is.</param>
/// <param name="Terms">All of it, in words: who approves them approves nothing else.</param>
/// <param name="ProposedBy">Who wants it.</param>
/// <param name="Proposed">Since when.</param>
/// <param name="Expires">Until when it can be decided and done.</param>
/// <param name="DecidedBy">Who approved or rejected it.</param>
/// <param name="Status">How far it is now.</param>
public sealed record Proposal(
    string Id, ProposedAction Action, string Terms, string ProposedBy, DateTimeOffset Proposed, DateTimeOffset Expires, string? DecidedBy,
    ProposalStatus Status);
