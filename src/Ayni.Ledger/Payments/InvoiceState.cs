namespace Ayni.Ledger;

/// <summary>
/// What has become of an invoice by a day: derived from the documents and payments and stored nowhere.
/// <c>Credited + WrittenOff + Paid + Open = Total</c>, exactly.
/// </summary>
/// <param name="Number">The invoice.</param>
/// <param name="CustomerId">Who owes it.</param>
/// <param name="Due">The last day to pay.</param>
/// <param name="Total">What it said.</param>
/// <param name="Credited">What credit notes took off.</param>
/// <param name="WrittenOff">What was given up.</param>
/// <param name="Paid">What payments cover.</param>
/// <param name="Open">What is owed.</param>
/// <param name="DaysOverdue">Whole days since the due date while something is open.</param>
/// <param name="Step">How far dunning is.</param>
/// <param name="Since">The day that step began, in the ledger's zone; null once nothing is open.</param>
public sealed record InvoiceState(
    string Number, string CustomerId, DateOnly Due, Amount Total, Amount Credited, Amount WrittenOff, Amount Paid, Amount Open,
    int DaysOverdue, DunningStep Step, DateOnly? Since)
{
    /// <summary>The currency of all amounts.</summary>
    public Currency Currency => Total.Currency;
}
