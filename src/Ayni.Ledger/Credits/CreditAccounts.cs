using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>Finds which credits pay a period's charges, and what is left of those that expire in it.</summary>
internal sealed class CreditAccounts
{
    private readonly Period _period;
    private readonly DateTimeOffset _end;
    private readonly Dictionary<string, Purse[]> _purses;

    /// <param name="period">The period.</param>
    /// <param name="end">The first instant after it.</param>
    /// <param name="credits">What there is to use, with what periods before left.</param>
    public CreditAccounts(Period period, DateTimeOffset end, IEnumerable<Credit> credits)
    {
        _period = period;
        _end = end;
        _purses = credits.GroupBy(credit => credit.CustomerId, StringComparer.Ordinal).ToDictionary(
            group => group.Key,
            group => group.OrderBy(credit => credit.Priority).ThenBy(credit => credit.Expires ?? DateTimeOffset.MaxValue)
                .ThenBy(credit => credit.Purchased).ThenBy(credit => credit.Id, StringComparer.Ordinal)
                .Select(credit => new Purse(credit)).ToArray(),
            StringComparer.Ordinal);
    }

    /// <summary>Whether there is anything to use or to expire.</summary>
    public bool Any => _purses.Count > 0;

    /// <summary>What credits paid so far, in ordinal order of customer and in order of use.</summary>
    public ImmutableArray<CreditUse> Uses =>
    [
        .. _purses.OrderBy(purses => purses.Key, StringComparer.Ordinal).SelectMany(purses => purses.Value)
            .Where(purse => purse.Used.Sign > 0)
            .Select(purse => new CreditUse(purse.Credit.Id, purse.Credit.CustomerId, _period, purse.Used)),
    ];

    /// <summary>The credits bought before a period's end, with what periods before it left of them.</summary>
    public static CreditAccounts Open(Session session, Period period, LedgerZone zone)
    {
        var end = zone.StartOf(period.Next);
        return new(
            period, end, CreditRows.All(session, period).Where(credit => credit.Purchased < end && credit.Left.Sign > 0));
    }

    /// <summary>Takes a receipt's charge from the credits that were valid when its request was admitted.</summary>
    public void Pay(Receipt receipt) => Pay(receipt.CustomerId, receipt.Charge, receipt.AdmittedAt);

    /// <summary>Takes what a customer's adjustments come to together from the credits that are valid at the period's end.</summary>
    public void Pay(IEnumerable<Adjustment> adjustments)
    {
        foreach (var customer in adjustments.GroupBy(adjustment => (adjustment.CustomerId, adjustment.Currency)))
        {
            var amount = customer.Aggregate(Amount.Zero(customer.Key.Currency), (sum, adjustment) => sum + adjustment.Amount);
            if (amount.Sign > 0)
                Pay(customer.Key.CustomerId, amount, _end.AddMicroseconds(-1));
        }
    }

    /// <summary>
    /// What is left of the credits that expire by the period's end: revenue, divided by what their customer used while they were valid.
    /// </summary>
    public IEnumerable<Adjustment> Expire(Func<Credit, FlatRevenue> useOf, Func<string, AdjustmentShare> withoutUse)
    {
        foreach (var purse in _purses.OrderBy(purses => purses.Key, StringComparer.Ordinal).SelectMany(purses => purses.Value))
        {
            var credit = purse.Credit;
            if (credit.Expires is not { } expires || expires > _end || purse.Left.Sign == 0)
                continue;
            yield return new(
                0, AdjustmentType.CreditExpiry, credit.CustomerId, credit.Id, _period, _period, purse.Left,
                $"Of the credit of {credit.Amount}, {purse.Left} were left when it expired.",
                useOf(credit).Divide(purse.Left, () => withoutUse(credit.Model)));
        }
    }

    private void Pay(string customerId, Amount charge, DateTimeOffset at)
    {
        if (!_purses.TryGetValue(customerId, out var purses))
            return;
        foreach (var purse in purses)
        {
            if (charge.Sign <= 0)
                return;
            var credit = purse.Credit;
            if (credit.Currency == charge.Currency && credit.Purchased <= at && (credit.Expires is not { } expires || at < expires))
                charge -= purse.Take(charge);
        }
    }

    /// <summary>A credit in use.</summary>
    private sealed class Purse(Credit credit)
    {
        public Credit Credit => credit;

        public Amount Used { get; private set; } = Amount.Zero(credit.Currency);

        public Amount Left => credit.Left - Used;

        public Amount Take(Amount most)
        {
            var taken = most < Left ? most : Left;
            Used += taken;
            return taken;
        }
    }
}
