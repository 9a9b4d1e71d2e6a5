namespace Ayni.Ledger;

/// <summary>A payment as a bank's file says it.</summary>
/// <param name="Line">Its line in the file, from 1.</param>
/// <param name="BankReference">What the bank calls it.</param>
/// <param name="ValueDate">The day the bank booked it.</param>
/// <param name="Amount">How much.</param>
/// <param name="CustomerId">Who paid, if the file says so.</param>
/// <param name="Invoice">The invoice it names, by which the customer is found.</param>
public sealed record PaymentRow(
    long Line, string BankReference, DateOnly ValueDate, Amount Amount, string? CustomerId, string? Invoice);
