namespace Ayni.Ledger;

/// <summary>Money from or to a customer, recorded once for each reference of the bank and never changed.</summary>
/// <param name="Id"><c>pay_…</c></param>
/// <param name="Kind">Which way it went.</param>
/// <param name="CustomerId">The customer.</param>
/// <param name="Amount">Whole minor units of the customer's currency, more than nothing.</param>
/// <param name="BankReference">What the bank calls it.</param>
/// <param name="ValueDate">The day the bank booked it.</param>
/// <param name="Recorded">When it was recorded.</param>
/// <param name="Reverses">The payment that a reversal takes back.</param>
/// <param name="Entry">The number of its entry in the journal.</param>
public sealed record Payment(
    string Id, PaymentKind Kind, string CustomerId, Amount Amount, string BankReference, DateOnly ValueDate, DateTimeOffset Recorded,
    string? Reverses, long Entry)
{
    /// <summary>The amount's currency.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>What it adds to what the customer has paid.</summary>
    internal Amount Paid => Kind == PaymentKind.Payment ? Amount : -Amount;
}
