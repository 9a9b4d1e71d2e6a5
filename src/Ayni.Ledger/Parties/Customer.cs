namespace Ayni.Ledger;

/// <summary>Someone who uses the service and owes its charges.</summary>
/// <param name="Id"><c>cus_…</c></param>
/// <param name="Name">What people call it.</param>
/// <param name="Currency">What it is charged in.</param>
/// <param name="SpendingLimit">The total of unpaid charges at which requests are refused; none is without limit.</param>
/// <param name="Created">When it was entered.</param>
/// <param name="Revoked">Since when its keys open nothing; what it owes stays owed.</param>
public sealed record Customer(
    string Id, string Name, Currency Currency, Amount? SpendingLimit, DateTimeOffset Created, DateTimeOffset? Revoked);
