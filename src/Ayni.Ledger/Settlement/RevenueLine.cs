namespace Ayni.Ledger;

/// <summary>What receipts have in common that are shared alike.</summary>
/// <param name="Currency">What they are charged in.</param>
/// <param name="Model">The model's name.</param>
/// <param name="AppId">Their app, if any.</param>
/// <param name="AgreementVersion">The agreement that shares them: in force at their admission, or agreed on later for that time.</param>
/// <param name="ServicePeriod">The month of their admission.</param>
/// <param name="Adapter">The adapter's name, if they used one.</param>
/// <param name="Territory">The country of their customer (ISO 3166-1, two letters), if it is known.</param>
/// <param name="IsOwnUse">Whether the customer belongs to the app's developer, who earns no share of what it buys itself.</param>
/// <param name="HostId">The host that served them, if it is known.</param>
public sealed record RevenueGroup(
    Currency Currency, string Model, string? AppId, long AgreementVersion, Period ServicePeriod, string? Adapter = null,
    string? Territory = null, bool IsOwnUse = false, string? HostId = null)
{
    /// <summary>What a receipt has in common with others.</summary>
    internal static RevenueGroup Of(Receipt receipt, RevenueFacts facts, IReadOnlyDictionary<string, string> developers) => new(
        receipt.Currency, receipt.Model, receipt.AppId, facts.AgreementOf(receipt), receipt.Period, receipt.Adapter?.Name,
        facts.CountryOf(receipt.CustomerId, receipt.AdmittedAt),
        IsOwn(receipt.AppId, receipt.CustomerId, receipt.AdmittedAt, facts, developers), facts.HostOf(receipt.MeterId, receipt.AdmittedAt));

    /// <summary>
    /// What a part of an adjustment has in common with other revenue; where its customer is and whose, the end of its month decides.
    /// </summary>
    internal static RevenueGroup Of(AdjustedRevenue adjusted, RevenueFacts facts, IReadOnlyDictionary<string, string> developers)
    {
        var share = adjusted.Share;
        return new(
            adjusted.Amount.Currency, share.Model, share.AppId, share.AgreementVersion, adjusted.ServicePeriod, share.Adapter,
            facts.CountryOf(adjusted.CustomerId, adjusted.At), IsOwn(share.AppId, adjusted.CustomerId, adjusted.At, facts, developers),
            share.HostId);
    }

    private static bool IsOwn(
        string? appId, string customerId, DateTimeOffset at, RevenueFacts facts, IReadOnlyDictionary<string, string> developers) =>
        appId is not null && facts.OwnerOf(customerId, at) == developers[appId];
}

/// <summary>The revenue of a period that is shared alike.</summary>
/// <param name="Group">What its receipts have in common.</param>
/// <param name="Receipts">How many there are.</param>
/// <param name="Counts">Their tokens.</param>
/// <param name="Gross">Their charges, and what adjustments add to them.</param>
public sealed record RevenueLine(RevenueGroup Group, long Receipts, TokenCounts Counts, Amount Gross)
{
    /// <summary>
    /// Sums receipts and adjustments by what they have in common, in order.
    /// </summary>
    /// <param name="forEachReceipt">Calls back with each receipt.</param>
    /// <param name="adjustments">What adds to charges.</param>
    /// <param name="facts">Where it came from.</param>
    /// <param name="developers">The developer of each app.</param>
    internal static IReadOnlyList<RevenueLine> Collect(
        Action<Action<Receipt>> forEachReceipt, IEnumerable<AdjustedRevenue> adjustments, RevenueFacts facts,
        IReadOnlyDictionary<string, string> developers)
    {
        var lines = new Dictionary<RevenueGroup, RevenueLine>();
        forEachReceipt(receipt =>
        {
            var group = RevenueGroup.Of(receipt, facts, developers);
            lines[group] = lines.TryGetValue(group, out var line)
                ? new(group, line.Receipts + 1, line.Counts + receipt.Counts, line.Gross + receipt.Charge)
                : new(group, 1, receipt.Counts, receipt.Charge);
        });
        foreach (var adjusted in adjustments)
        {
            var group = RevenueGroup.Of(adjusted, facts, developers);
            lines[group] = lines.TryGetValue(group, out var line)
                ? line with { Gross = line.Gross + adjusted.Amount }
                : new(group, 0, default, adjusted.Amount);
        }
        return InOrder(lines.Values);
    }

    /// <summary>Lines in order of currency, model, app (none first), agreement, month and the rest.</summary>
    internal static IReadOnlyList<RevenueLine> InOrder(IEnumerable<RevenueLine> lines) =>
        [
            .. lines.OrderBy(line => line.Group.Currency.Code, StringComparer.Ordinal)
                .ThenBy(line => line.Group.Model, StringComparer.Ordinal).ThenBy(line => line.Group.AppId, StringComparer.Ordinal)
                .ThenBy(line => line.Group.AgreementVersion).ThenBy(line => line.Group.ServicePeriod)
                .ThenBy(line => line.Group.Adapter, StringComparer.Ordinal).ThenBy(line => line.Group.Territory, StringComparer.Ordinal)
                .ThenBy(line => line.Group.IsOwnUse).ThenBy(line => line.Group.HostId, StringComparer.Ordinal),
        ];
}
