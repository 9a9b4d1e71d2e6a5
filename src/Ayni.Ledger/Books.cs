using System.Security.Cryptography;

namespace Ayni.Ledger;

/// <summary>
/// The ledger: who takes part, what things cost, who shares, what was used, what everyone earned. One instance opens one database file;
/// several instances, also of other processes, may share the file. All members may be called from any thread. Whatever a completed task
/// recorded is on disk.
/// </summary>
public sealed class Books : IAsyncDisposable
{
    private Books()
    {
    }

    /// <summary>
    /// Opens a database file, creating it and its folder and bringing it up to date where needed. Throws <see cref="LedgerStorageException"/>
    /// if the file is of a newer version, is no ledger, or can't be made durable.
    /// </summary>
    /// <param name="databasePath">The SQLite file.</param>
    /// <param name="clock">What time it is.</param>
    /// <param name="random">Where ids and secrets come from; the system's generator unless given. Must be thread-safe.</param>
    public static Books Open(string databasePath, TimeProvider clock, RandomNumberGenerator? random = null) => throw new NotSupportedException();

    /// <summary>Whether nobody has been entered yet, neither party nor customer nor price.</summary>
    public bool IsEmpty() => throw new NotSupportedException();

    // Parties, customers, apps, keys.

    /// <summary>Enters a party.</summary>
    public Task<Party> CreatePartyAsync(string name, Role role, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Every party, oldest first.</summary>
    public IReadOnlyList<Party> ListParties() => throw new NotSupportedException();

    /// <summary>Bars a party from new agreements.</summary>
    public Task<Party> RevokePartyAsync(string partyId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Enters a customer.</summary>
    public Task<Customer> CreateCustomerAsync(
        string name, Currency currency, Amount? spendingLimit = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Every customer, oldest first.</summary>
    public IReadOnlyList<Customer> ListCustomers() => throw new NotSupportedException();

    /// <summary>Changes or lifts a customer's spending limit.</summary>
    public Task<Customer> SetSpendingLimitAsync(string customerId, Amount? spendingLimit, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Shuts a customer's keys.</summary>
    public Task<Customer> RevokeCustomerAsync(string customerId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Enters an app of a party with the role of a developer.</summary>
    public Task<App> CreateAppAsync(string name, string developerId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Every app, oldest first.</summary>
    public IReadOnlyList<App> ListApps() => throw new NotSupportedException();

    /// <summary>Shuts an app's keys.</summary>
    public Task<App> RevokeAppAsync(string appId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Issues a key to a customer, for an app or for none. Its text is shown in the result and never again.</summary>
    public Task<IssuedKey> IssueKeyAsync(string customerId, string label, string? appId = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Every key, oldest first.</summary>
    public IReadOnlyList<ApiKey> ListKeys() => throw new NotSupportedException();

    /// <summary>Shuts a key; the next request with it is refused, in whatever process.</summary>
    public Task<ApiKey> RevokeKeyAsync(string keyId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>
    /// The key whose text a client presents, or null if it is malformed, unknown, wrong or shut, or its customer or app is. Which of these
    /// can't be told from the answer or the time it takes. Reads the database each time, so a revocation by any process holds at once.
    /// </summary>
    public ApiKey? Authenticate(string? presented) => throw new NotSupportedException();

    // Prices and agreements.

    /// <summary>
    /// Sets a model's price from an instant on, now unless given. Amounts are for a million tokens; cached input costs what input does unless
    /// given.
    /// </summary>
    public Task<Price> SetPriceAsync(
        string model, Currency currency, Amount inputPerMillion, Amount outputPerMillion, DateTimeOffset? effectiveFrom = null,
        Amount? cachedPerMillion = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Every version of every price, by model and version.</summary>
    public IReadOnlyList<Price> ListPrices() => throw new NotSupportedException();

    /// <summary>The price in force for a model at an instant, now unless given.</summary>
    public Price? FindPrice(string model, DateTimeOffset? at = null) => throw new NotSupportedException();

    /// <summary>Agrees how a model's revenue is shared, or every model's without an agreement of its own (null), from an instant on.</summary>
    public Task<Agreement> SetAgreementAsync(
        string? model, IReadOnlyList<Share> shares, DateTimeOffset? effectiveFrom = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Every version of every agreement, by version.</summary>
    public IReadOnlyList<Agreement> ListAgreements() => throw new NotSupportedException();

    // Metering.

    /// <summary>Lets a request of an authenticated key in, or says why not.</summary>
    public AdmissionDecision Admit(ApiKey key, string model) => throw new NotSupportedException();

    /// <summary>Posts what a request used.</summary>
    public Task<Receipt> PostAsync(Usage usage, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Finds a receipt by its own id or its request's.</summary>
    public Receipt? FindReceipt(string receiptOrRequestId) => throw new NotSupportedException();

    /// <summary>Lists receipts, newest last.</summary>
    public ReceiptPage ListReceipts(ReceiptQuery query) => throw new NotSupportedException();

    // The journal.

    /// <summary>What every account has come to, by name; or the accounts of one party.</summary>
    public IReadOnlyList<Balance> Balances(string? partyId = null) => throw new NotSupportedException();

    /// <summary>What a customer owes.</summary>
    public Amount UnpaidCharges(string customerId) => throw new NotSupportedException();

    /// <summary>The entries of a period in journal order, a page at a time.</summary>
    public EntryPage ListEntries(Period period, long after = 0, int limit = 1000) => throw new NotSupportedException();

    // Settlement.

    /// <summary>How far a period is.</summary>
    public PeriodStatus StatusOf(Period period) => throw new NotSupportedException();

    /// <summary>Closes a period and shares out its revenue.</summary>
    public Task<PeriodSettlement> ClosePeriodAsync(Period period, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>What a period comes to for every party; an estimate until it is closed.</summary>
    public PeriodSettlement Settle(Period period) => throw new NotSupportedException();

    /// <summary>What a period comes to for one party, line by line; an estimate until it is closed.</summary>
    public Statement Statement(Period period, string partyId) => throw new NotSupportedException();

    /// <summary>Records what is under way, then closes the file.</summary>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
