namespace Ayni.Ledger;

/// <summary>
/// A customer's subscription to a named price plan, for whole months: each month's fee is due in full, and its free allowances hold in
/// full.
/// </summary>
/// <param name="Id"><c>sub_…</c></param>
/// <param name="CustomerId">Who subscribes.</param>
/// <param name="PlanName">The plan's name.</param>
/// <param name="First">The first month.</param>
/// <param name="Last">The last month; null while it goes on.</param>
/// <param name="Created">When it was entered; requests before pay what they were admitted at.</param>
public sealed record Subscription(string Id, string CustomerId, string PlanName, Period First, Period? Last, DateTimeOffset Created)
{
    /// <summary>Whether it covers a month.</summary>
    public bool Covers(Period month) => First <= month && (Last is not { } last || month <= last);
}
