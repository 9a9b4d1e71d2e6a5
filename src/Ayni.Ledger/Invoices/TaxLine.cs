namespace Ayni.Ledger;

/// <summary>One tax on an invoice.</summary>
/// <param name="Tax">The tax and its rate.</param>
/// <param name="Base">What it is computed on.</param>
/// <param name="Amount">
/// What it comes to: exact to 10⁻¹², halves away from zero. A tax withheld is whole minor units, halves away from zero.
/// </param>
public sealed record TaxLine(Tax Tax, Amount Base, Amount Amount);
