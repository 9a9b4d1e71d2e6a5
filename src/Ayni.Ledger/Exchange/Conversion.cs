using System.Numerics;

namespace Ayni.Ledger;

/// <summary>
/// What a customer owed for a month in a price's currency, owed in its own from the month's close on: at the rate in force at the month's
/// end.
/// </summary>
/// <param name="CustomerId">Who owes it.</param>
/// <param name="Period">The month.</param>
/// <param name="Owed">In the price's currency.</param>
/// <param name="Converted">In the customer's.</param>
/// <param name="RateVersion">The rate.</param>
public sealed record Conversion(string CustomerId, Period Period, Amount Owed, Amount Converted, long RateVersion)
{
    /// <summary>The price's currency.</summary>
    public Currency Currency => Owed.Currency;

    /// <summary>The customer's.</summary>
    public Currency ConvertedCurrency => Converted.Currency;

    /// <summary>What its entry and its line of an invoice are called.</summary>
    internal string Reference => $"{CustomerId}:{Owed.Currency}";

    /// <summary>
    /// What some of the converted amount stands for of a charge that was a part of what was owed: at the rate it was converted by, rounded
    /// once, half to even.
    /// </summary>
    internal Amount Back(Amount charge, Amount converted) =>
        new(ExchangeRate.Divide((BigInteger)charge.Units * converted.Units, Converted.Units), Owed.Currency);
}

/// <summary>Money received in customers' currencies that was exchanged at a bank.</summary>
/// <param name="EvidenceId">What proves it: the bank's own number.</param>
/// <param name="Period">The month it counts in.</param>
/// <param name="Sold">What was given, in the customers' currency.</param>
/// <param name="Bought">What was got for it, in the prices' currency.</param>
/// <param name="Gain">What was got beyond what it had been converted at, on average; negative is a loss.</param>
public sealed record BankExchange(string EvidenceId, Period Period, Amount Sold, Amount Bought, Amount Gain)
{
    /// <summary>What it was exchanged for, and the gain is in.</summary>
    public Currency Currency => Bought.Currency;

    /// <summary>What was given.</summary>
    public Currency SoldCurrency => Sold.Currency;
}
