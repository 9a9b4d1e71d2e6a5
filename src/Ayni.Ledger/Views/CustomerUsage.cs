using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What a customer used of one model in a month.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Receipts">How many requests.</param>
/// <param name="Counts">Their tokens.</param>
/// <param name="Charge">What they cost.</param>
public sealed record ModelUsage(string Model, long Receipts, TokenCounts Counts, Amount Charge);

/// <summary>What a customer used in a month, and where it stands now.</summary>
/// <param name="CustomerId">The customer.</param>
/// <param name="Period">The month in which the receipts count.</param>
/// <param name="Models">By model, in ordinal order.</param>
/// <param name="Charge">What the month's receipts cost together.</param>
/// <param name="Owed">Unpaid charges of all months.</param>
/// <param name="SpendingLimit">The unpaid charges at which requests are refused; null without a limit.</param>
/// <param name="Left">What may still be spent before the limit; null without one.</param>
public sealed record CustomerUsage(
    string CustomerId, Period Period, ImmutableArray<ModelUsage> Models, Amount Charge, Amount Owed, Amount? SpendingLimit, Amount? Left)
{
    /// <summary>The currency of all amounts.</summary>
    public Currency Currency => Charge.Currency;

    /// <summary>Sums a customer's receipts of a month, in one snapshot.</summary>
    internal static CustomerUsage Of(Session session, Customer customer, Period period)
    {
        var zero = Amount.Zero(customer.Currency);
        var models = new SortedDictionary<string, ModelUsage>(StringComparer.Ordinal);
        for (long? after = 0; after is { } start;)
        {
            var page = ReceiptRows.List(session, new(period, CustomerId: customer.Id, After: start, Limit: ReceiptQuery.LongestPage));
            foreach (var receipt in page.Receipts)
            {
                var used = models.GetValueOrDefault(receipt.Model, new(receipt.Model, 0, default, zero));
                models[receipt.Model] = new(
                    receipt.Model, used.Receipts + 1, used.Counts + receipt.Counts, used.Charge + receipt.Charge);
            }
            after = page.Next;
        }
        var owed = JournalRows.Net(session, Account.Receivable(customer.Id), customer.Currency);
        Amount? left = customer.SpendingLimit is { } limit ? owed < limit ? limit - owed : zero : null;
        return new(
            customer.Id, period, [.. models.Values], models.Values.Aggregate(zero, (sum, used) => sum + used.Charge), owed,
            customer.SpendingLimit, left);
    }
}
