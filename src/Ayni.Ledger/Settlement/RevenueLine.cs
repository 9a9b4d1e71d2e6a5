namespace Ayni.Ledger;

/// <summary>What receipts have in common that are shared alike.</summary>
/// <param name="Currency">What they are charged in.</param>
/// <param name="Model">The model's name.</param>
/// <param name="AppId">Their app, if any.</param>
/// <param name="AgreementVersion">The agreement in force at their admission.</param>
/// <param name="ServicePeriod">The month of their admission.</param>
public sealed record RevenueGroup(Currency Currency, string Model, string? AppId, long AgreementVersion, Period ServicePeriod);

/// <summary>The revenue of a period that is shared alike.</summary>
/// <param name="Group">What its receipts have in common.</param>
/// <param name="Receipts">How many there are.</param>
/// <param name="Counts">Their tokens.</param>
/// <param name="Gross">Their charges, and what adjustments add to them.</param>
public sealed record RevenueLine(RevenueGroup Group, long Receipts, TokenCounts Counts, Amount Gross)
{
    /// <summary>Sums receipts and adjustments by what they have in common, in order of currency, model, app (none first), agreement and month.</summary>
    internal static IReadOnlyList<RevenueLine> Collect(Action<Action<Receipt>> forEachReceipt, IEnumerable<AdjustedRevenue> adjustments)
    {
        var lines = new Dictionary<RevenueGroup, RevenueLine>();
        forEachReceipt(receipt =>
        {
            var group = new RevenueGroup(receipt.Currency, receipt.Model, receipt.AppId, receipt.AgreementVersion, receipt.Period);
            lines[group] = lines.TryGetValue(group, out var line)
                ? new(group, line.Receipts + 1, line.Counts + receipt.Counts, line.Gross + receipt.Charge)
                : new(group, 1, receipt.Counts, receipt.Charge);
        });
        foreach (var (_, servicePeriod, share, amount) in adjustments)
        {
            var group = new RevenueGroup(amount.Currency, share.Model, share.AppId, share.AgreementVersion, servicePeriod);
            lines[group] = lines.TryGetValue(group, out var line)
                ? line with { Gross = line.Gross + amount }
                : new(group, 0, default, amount);
        }
        return
        [
            .. lines.Values.OrderBy(line => line.Group.Currency.Code, StringComparer.Ordinal)
                .ThenBy(line => line.Group.Model, StringComparer.Ordinal).ThenBy(line => line.Group.AppId, StringComparer.Ordinal)
                .ThenBy(line => line.Group.AgreementVersion).ThenBy(line => line.Group.ServicePeriod),
        ];
    }
}
