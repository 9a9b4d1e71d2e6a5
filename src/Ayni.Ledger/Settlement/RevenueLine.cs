namespace Ayni.Ledger;

/// <summary>What receipts have in common that are shared alike.</summary>
/// <param name="Currency">What they are charged in.</param>
/// <param name="Model">The model's name.</param>
/// <param name="AppId">Their app, if any.</param>
/// <param name="AgreementVersion">The agreement in force at their admission.</param>
/// <param name="ServicePeriod">The month of their admission.</param>
/// <param name="Adapter">The adapter's name, if they used one.</param>
/// <param name="Territory">The country of their customer (ISO 3166-1, two letters), if it is known.</param>
/// <param name="IsOwnUse">Whether the customer belongs to the app's developer, who earns no share of what it buys itself.</param>
public sealed record RevenueGroup(
    Currency Currency, string Model, string? AppId, long AgreementVersion, Period ServicePeriod, string? Adapter = null,
    string? Territory = null, bool IsOwnUse = false)
{
    /// <summary>What a receipt has in common with others.</summary>
    internal static RevenueGroup Of(Receipt receipt, CustomerFacts customers, IReadOnlyDictionary<string, string> developers) => Of(
        receipt.Currency, receipt.Model, receipt.AppId, receipt.AgreementVersion, receipt.Period, receipt.Adapter?.Name, receipt.CustomerId,
        receipt.AdmittedAt, customers, developers);

    /// <summary>What revenue from a customer at an instant has in common with other revenue.</summary>
    internal static RevenueGroup Of(
        Currency currency, string model, string? appId, long agreement, Period month, string? adapter, string customerId, DateTimeOffset at,
        CustomerFacts customers, IReadOnlyDictionary<string, string> developers) => new(
        currency, model, appId, agreement, month, adapter, customers.CountryOf(customerId, at),
        appId is not null && customers.OwnerOf(customerId, at) == developers[appId]);
}

/// <summary>The revenue of a period that is shared alike.</summary>
/// <param name="Group">What its receipts have in common.</param>
/// <param name="Receipts">How many there are.</param>
/// <param name="Counts">Their tokens.</param>
/// <param name="Gross">Their charges, and what adjustments add to them.</param>
public sealed record RevenueLine(RevenueGroup Group, long Receipts, TokenCounts Counts, Amount Gross)
{
    /// <summary>Sums receipts and adjustments by what they have in common, in order of currency, model, app (none first), agreement, month and the rest.</summary>
    /// <param name="forEachReceipt">Calls back with each receipt.</param>
    /// <param name="adjustments">What adds to charges; where its customer is and whose is decided at the end of the month it is about.</param>
    /// <param name="customers">Where customers are and whose.</param>
    /// <param name="developers">The developer of each app.</param>
    internal static IReadOnlyList<RevenueLine> Collect(
        Action<Action<Receipt>> forEachReceipt, IEnumerable<AdjustedRevenue> adjustments, CustomerFacts customers,
        IReadOnlyDictionary<string, string> developers)
    {
        var lines = new Dictionary<RevenueGroup, RevenueLine>();
        forEachReceipt(receipt =>
        {
            var group = RevenueGroup.Of(receipt, customers, developers);
            lines[group] = lines.TryGetValue(group, out var line)
                ? new(group, line.Receipts + 1, line.Counts + receipt.Counts, line.Gross + receipt.Charge)
                : new(group, 1, receipt.Counts, receipt.Charge);
        });
        foreach (var (customerId, servicePeriod, at, share, amount) in adjustments)
        {
            var group = RevenueGroup.Of(
                amount.Currency, share.Model, share.AppId, share.AgreementVersion, servicePeriod, share.Adapter, customerId, at, customers, developers);
            lines[group] = lines.TryGetValue(group, out var line)
                ? line with { Gross = line.Gross + amount }
                : new(group, 0, default, amount);
        }
        return
        [
            .. lines.Values.OrderBy(line => line.Group.Currency.Code, StringComparer.Ordinal)
                .ThenBy(line => line.Group.Model, StringComparer.Ordinal).ThenBy(line => line.Group.AppId, StringComparer.Ordinal)
                .ThenBy(line => line.Group.AgreementVersion).ThenBy(line => line.Group.ServicePeriod)
                .ThenBy(line => line.Group.Adapter, StringComparer.Ordinal).ThenBy(line => line.Group.Territory, StringComparer.Ordinal)
                .ThenBy(line => line.Group.IsOwnUse),
        ];
    }
}
