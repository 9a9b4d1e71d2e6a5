namespace Ayni.Ledger;

/// <summary>
/// An amount a customer pays in advance. It is deferred revenue: it counts as revenue when charges use it, and what is left when it expires
/// counts then, divided by what the customer used while it was valid.
/// </summary>
/// <param name="Id"><c>crd_…</c></param>
/// <param name="CustomerId">Whose it is.</param>
/// <param name="Amount">What it was bought for, and pays.</param>
/// <param name="Priority">Which is used first: the lower number, then what expires sooner, then what was bought earlier.</param>
/// <param name="Model">The model whose revenue it becomes if it expires without that the customer used anything.</param>
/// <param name="Purchased">Charges of requests admitted from this instant on may use it.</param>
/// <param name="Expires">Charges of requests admitted from this instant on may not; null if it never expires.</param>
/// <param name="Left">What no closed month has used and was not given back.</param>
public sealed record Credit(
    string Id, string CustomerId, Amount Amount, int Priority, string Model, DateTimeOffset Purchased, DateTimeOffset? Expires, Amount Left)
{
    /// <summary>What it is in.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>What is left of it after what open months have used so far.</summary>
    internal Amount Unused(IEnumerable<CreditUse> used) =>
        used.Where(use => use.CreditId == Id).Aggregate(Left, (left, use) => left - use.Amount);
}

/// <summary>What a credit paid of a month's charges.</summary>
/// <param name="CreditId">The credit.</param>
/// <param name="CustomerId">Whose it is.</param>
/// <param name="Period">The month that closed.</param>
/// <param name="Amount">How much.</param>
public sealed record CreditUse(string CreditId, string CustomerId, Period Period, Amount Amount)
{
    /// <summary>What it is in.</summary>
    public Currency Currency => Amount.Currency;
}
