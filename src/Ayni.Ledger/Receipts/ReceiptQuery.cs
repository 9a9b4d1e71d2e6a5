namespace Ayni.Ledger;

/// <summary>Which receipts to list; every condition given must hold.</summary>
/// <param name="Period">Posted in this period.</param>
/// <param name="KeyId">Of this key, by the engine of a host.</param>
/// <param name="CustomerId">Of this customer, whoever counted.</param>
/// <param name="After">Continue after a page: its <see cref="ReceiptPage.Next"/>. The conditions must be those of that page.</param>
/// <param name="Limit">At most so many, 1 to 10,000.</param>
/// <param name="MeterId">With a key, those that this meter reported for it.</param>
public sealed record ReceiptQuery(Period? Period = null, string? KeyId = null, string? CustomerId = null, long After = 0, int Limit = 100,
    string? MeterId = null)
{
    /// <summary>The longest page.</summary>
    public const int LongestPage = 10_000;
}

/// <summary>Some receipts, newest last.</summary>
/// <param name="Receipts">In posting order.</param>
/// <param name="Next">Where the next page begins; null at the end.</param>
public sealed record ReceiptPage(IReadOnlyList<Receipt> Receipts, long? Next);
