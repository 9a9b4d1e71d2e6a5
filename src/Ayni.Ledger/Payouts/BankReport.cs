using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What a bank's message says of the house's own transfers.</summary>
/// <param name="MessageId">What the bank calls the message.</param>
/// <param name="Lines">In the message's order.</param>
public sealed record BankReport(string MessageId, ImmutableArray<BankReportLine> Lines);

/// <summary>What became of a transfer.</summary>
public enum BankReportStatus
{
    /// <summary>The bank did not carry it out (<c>pain.002</c>: RJCT or CANC).</summary>
    Rejected,

    /// <summary>Its money left the account (<c>camt</c>: a debit that is booked).</summary>
    Paid,

    /// <summary>Its money came back (<c>camt</c>: a credit that is booked and called a return).</summary>
    Returned,

    /// <summary>
    /// A booking that reverses another, or a credit that is not called a return: the bank may have mended a mistake of its own.
    /// </summary>
    Unclear,
}

/// <summary>What a bank says of one transfer, or of all of a batch.</summary>
/// <param name="Id">The payout, by its end-to-end id; or the batch, by the message's id.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Amount">How much was booked; null where the message does not say, and in rejections.</param>
/// <param name="BankReference">What the bank calls it.</param>
/// <param name="Day">The value date; of a rejection the message's.</param>
/// <param name="Code">The bank's reason as a code of ISO 20022, such as <c>AC04</c>.</param>
/// <param name="Reason">The code and what the bank says beside it.</param>
public sealed record BankReportLine(
    string Id, BankReportStatus Status, Amount? Amount, string BankReference, DateOnly Day, string? Code, string Reason)
{
    /// <summary>
    /// Whether the bank refuses it as sent twice. Then the first of the two may have been paid, so that it must not become payable again by
    /// itself.
    /// </summary>
    public bool IsDuplicate => IsOfDuplicate(Code);

    /// <summary>Whether a reason's code is that of something sent twice.</summary>
    internal static bool IsOfDuplicate(string? code) => code is "AM05" or "DUPL" or "DU01" or "DU02" or "DU03" or "DU04" or "DU05";
}
