using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What a second key has to approve where the ledger asks for four eyes.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ProposedAction>))]
public enum ProposedAction
{
    /// <summary>A price.</summary>
    [JsonStringEnumMemberName("price")]
    Price,

    /// <summary>An agreement.</summary>
    [JsonStringEnumMemberName("agreement")]
    Agreement,

    /// <summary>The close of a month.</summary>
    [JsonStringEnumMemberName("close")]
    Close,

    /// <summary>Payouts.</summary>
    [JsonStringEnumMemberName("payout")]
    Payout,

    /// <summary>Bank details: a change of them needs a second key whatever the ledger asks for.</summary>
    [JsonStringEnumMemberName("bank_details")]
    BankDetails,

    /// <summary>That four eyes are asked for no more.</summary>
    [JsonStringEnumMemberName("four_eyes_off")]
    FourEyesOff,
}

/// <summary>How far a proposal is.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ProposalStatus>))]
public enum ProposalStatus
{
    /// <summary>It waits for a second key.</summary>
    [JsonStringEnumMemberName("open")]
    Open,

    /// <summary>It may be done.</summary>
    [JsonStringEnumMemberName("approved")]
    Approved,

    /// <summary>It may not be done.</summary>
    [JsonStringEnumMemberName("rejected")]
    Rejected,

    /// <summary>It was done.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>Nobody decided it, or nobody did it, in time.</summary>
    [JsonStringEnumMemberName("expired")]
    Expired,
}

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

/// <summary>What was asked for is proposed and waits for a second key; nothing else was done.</summary>
public sealed class ApprovalNeededException(Proposal proposal)
    : LedgerException(
        $"This needs a second key: it waits as {proposal.Id} for somebody else than {proposal.ProposedBy} to approve it; "
        + "then ask for the same again.")
{
    /// <summary>What waits.</summary>
    public Proposal Proposal { get; } = proposal;
}
