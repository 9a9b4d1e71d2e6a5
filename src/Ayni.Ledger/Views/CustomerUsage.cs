using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What a customer used of one model in a month.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Receipts">How many requests.</param>
/// <param name="Counts">Their tokens.</param>
/// <param name="Charge">What they cost.</param>
public sealed record ModelUsage(string Model, long Receipts, TokenCounts Counts, Amount Charge)
{
    /// <summary>What the model is charged in.</summary>
    public Currency Currency => Charge.Currency;
}

/// <summary>What is left of what a customer or one of its keys may spend in a day and a month.</summary>
/// <param name="SubjectId">The customer or the key.</param>
/// <param name="PerDay">What the requests of one day may cost; null without such a limit.</param>
/// <param name="LeftToday">What of it is neither spent nor held by requests under way.</param>
/// <param name="PerMonth">What the requests of one month may cost; null without such a limit.</param>
/// <param name="LeftThisMonth">What of it is neither spent nor held by requests under way.</param>
public sealed record LimitLeft(string SubjectId, Amount? PerDay, Amount? LeftToday, Amount? PerMonth, Amount? LeftThisMonth)
{
    /// <summary>The currency of its money.</summary>
    public Currency Currency => (PerDay ?? PerMonth)!.Value.Currency;

    /// <summary>What is left of limits on money now.</summary>
    internal static LimitLeft Of(Session session, Limits limits, DateTimeOffset now)
    {
        var zone = LedgerRows.Zone(session);
        return new(
            limits.SubjectId, limits.PerDay, Left(limits.PerDay, BudgetSpan.Of(zone.DayOf(now))), limits.PerMonth,
            Left(limits.PerMonth, BudgetSpan.Of(zone.PeriodOf(now))));

        Amount? Left(Amount? limit, string span)
        {
            if (limit is not { } most)
                return null;
            var left = most - BudgetRows.Budget(session, limits.SubjectId, span, most.Currency).Spent
                - BudgetRows.Held(session, new(limits.SubjectId, span), most.Currency).Total;
            return left.Sign > 0 ? left : Amount.Zero(most.Currency);
        }
    }
}

/// <summary>What a customer used in a month, and where it stands now.</summary>
/// <param name="CustomerId">The customer.</param>
/// <param name="Period">The month in which the receipts count.</param>
/// <param name="Models">By model and currency, in ordinal order.</param>
/// <param name="Charge">What the month's receipts in the customer's currency cost together.</param>
/// <param name="Owed">Unpaid charges of all months.</param>
/// <param name="SpendingLimit">The unpaid charges at which requests are refused; null without a limit.</param>
/// <param name="Left">What may still be spent before the limit, credits included; null without one.</param>
/// <param name="Limits">What is left today and this month, for the customer and each of its keys that is limited so, in ordinal
/// order.</param>
public sealed record CustomerUsage(
    string CustomerId, Period Period, ImmutableArray<ModelUsage> Models, Amount Charge, Amount Owed, Amount? SpendingLimit, Amount? Left,
    ImmutableArray<LimitLeft> Limits)
{
    /// <summary>The customer's currency.</summary>
    public Currency Currency => Charge.Currency;

    private static ImmutableArray<LimitLeft> LimitsOf(Session session, string customerId, DateTimeOffset now) =>
        [.. BudgetRows.List(session, customerId).Where(limits => limits.BoundsMoney).Select(limits => LimitLeft.Of(session, limits, now))];

    /// <summary>Sums a customer's receipts of a month, in one snapshot.</summary>
    internal static CustomerUsage Of(Session session, Customer customer, Period period, DateTimeOffset now)
    {
        var zero = Amount.Zero(customer.Currency);
        var models = new SortedDictionary<(string Model, string Currency), ModelUsage>(
            Comparer<(string Model, string Currency)>.Create((left, right) =>
                string.CompareOrdinal(left.Model, right.Model) is var order && order != 0
                    ? order
                    : string.CompareOrdinal(left.Currency, right.Currency)));
        for (long? after = 0; after is { } start;)
        {
            var page = ReceiptRows.List(session, new(period, CustomerId: customer.Id, After: start, Limit: ReceiptQuery.LongestPage));
            foreach (var receipt in page.Receipts)
            {
                var key = (receipt.Model, receipt.Currency.Code);
                var used = models.GetValueOrDefault(key, new(receipt.Model, 0, default, Amount.Zero(receipt.Currency)));
                models[key] = new(
                    receipt.Model, used.Receipts + 1, used.Counts + receipt.Counts, used.Charge + receipt.Charge);
            }
            after = page.Next;
        }
        var owed = JournalRows.Net(session, Account.Receivable(customer.Id), customer.Currency);
        // As the gate counts it.
        var toPay = owed - CreditRows.Available(session, customer.Id, customer.Currency, now);
        Amount? left = customer.SpendingLimit is { } limit ? toPay < limit ? limit - toPay : zero : null;
        return new(
            customer.Id, period, [.. models.Values],
            models.Values.Where(used => used.Currency == customer.Currency).Aggregate(zero, (sum, used) => sum + used.Charge), owed,
            customer.SpendingLimit, left, LimitsOf(session, customer.Id, now));
    }
}
