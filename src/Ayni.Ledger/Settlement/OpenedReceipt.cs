namespace Ayni.Ledger;

/// <summary>A receipt of a statement's line, as the line's party sees it: without its customer.</summary>
/// <param name="Line">The statement's line, from 1.</param>
/// <param name="Id">Its id.</param>
/// <param name="AdmittedAt">When it was admitted.</param>
/// <param name="Counts">Its tokens.</param>
/// <param name="Charge">What it was charged.</param>
/// <param name="Currency">In what.</param>
/// <param name="Commitment">What commits to it in the closed month's summation tree; null while the month is open.</param>
public sealed record OpenedReceipt(
    int Line, string Id, DateTimeOffset AdmittedAt, TokenCounts Counts, Amount Charge, Currency Currency, Digest? Commitment)
{
    internal static OpenedReceipt Of(int line, Receipt receipt, Digest? commitment) =>
        new(line, receipt.Id, receipt.AdmittedAt, receipt.Counts, receipt.Charge, receipt.Currency, commitment);
}
