using System.Data.Common;
using System.Security.Cryptography;

namespace Ayni.Ledger;

/// <summary>
/// The ledger: who takes part, what things cost, who shares, what was used, what everyone earned. One instance opens one database;
/// several instances, also of other processes, may share it. All members may be called from any thread. Whatever a completed task
/// recorded is on disk; cancelling one gives up the wait, not what was already handed to the writer.
/// </summary>
/// <remarks>
/// What can't be recorded is refused with a <see cref="LedgerRefusedException"/> that names the <see cref="Refusal"/>; a database that
/// can't be read or written throws a <see cref="LedgerStorageException"/>.
/// </remarks>
public sealed partial class Books : IAsyncDisposable
{
    private readonly TimeProvider _clock;
    private readonly Database _database;
    private readonly Writer _owned;
    private bool _isOwner = true;
    private ActingWriter _writer;
    private readonly Readers _readers;
    private readonly Gate _gate;
    private readonly Registry _registry;
    private readonly Meter _meter;
    private readonly AdmissionClock _admissions;
    private readonly Identifiers _identifiers;
    private readonly Receivables _receivables;
    private readonly Paying _paying;
    private readonly FourEyes _fourEyes;
    private readonly Outbox _outbox;
    private readonly Disputes _disputes;
    private readonly ClosedSettlements _closed = new();
    private readonly string? _folder;
    private readonly ReceiptSigner? _signer;

    private Books(
        Database database, Session session, DateTimeOffset? latestInstant, TimeProvider clock, Identifiers identifiers, string? folder,
        ReceiptSigner? signer)
    {
        _identifiers = identifiers;
        _folder = folder;
        _signer = signer;
        _clock = clock;
        _admissions = new(clock);
        if (latestInstant is { } latest)
            _admissions.GoOnFrom(latest);
        _database = database;
        _readers = new(database);
        _gate = new(_readers);
        _owned = new(database, session, clock, _admissions, signer);
        _writer = new(_owned, Console);
        _registry = new(_identifiers);
        _meter = new(_identifiers);
        _receivables = new(_identifiers);
        _paying = new(_identifiers);
        _fourEyes = new(_identifiers);
        _outbox = new(_identifiers);
        _disputes = new(_identifiers);
    }

    /// <summary>Flushes so far, each for all that waited.</summary>
    internal long FlushCount => _owned.FlushCount;

    /// <summary>
    /// Opens a ledger, creating it and bringing it up to date where needed. Throws <see cref="LedgerStorageException"/> if it is of a newer
    /// version, is no ledger, or can't be made durable.
    /// </summary>
    /// <param name="place">A SQLite file, or a PostgreSQL address (<c>postgres://…</c> or <c>Host=…</c>).</param>
    /// <param name="clock">
    /// What time it is. The system's own is compared with that of a database server; any other is taken for the server's, too.
    /// </param>
    /// <param name="random">Where ids and secrets come from; the system's generator unless given. Must be thread-safe.</param>
    /// <param name="folder">
    /// Where the keys and the log's files are; beside a SQLite file unless given. Without a folder nothing is signed.
    /// </param>
    /// <param name="host">What is certified of this host where its signing key is made; this machine's name and an hour unless
    /// given.</param>
    public static Books Open(
        string place, TimeProvider clock, RandomNumberGenerator? random = null, string? folder = null, SigningHost? host = null)
    {
        var database = Database.At(place);
        var session = database.OpenWriter();
        var identifiers = new Identifiers(random ?? RandomNumberGenerator.Create());
        folder ??= (database as SqliteDatabase)?.Folder;
        try
        {
            Migrator.Migrate(session, database);
            var signer = folder is null ? null : ReceiptSigner.Open(
                session, folder, identifiers, host ?? SigningHost.ThisMachine, clock.GetUtcNow().ToWholeMicroseconds());
            return new(database, session, JournalRows.LatestInstant(session, AdmissionClock.LargestSkew), clock, identifiers, folder, signer);
        }
        catch (DbException error)
        {
            session.Dispose();
            throw database.NameOf(error);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // Parties, customers, apps, keys.

    /// <summary>Enters a party.</summary>
    public Task<Party> CreatePartyAsync(string name, Role role, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _registry.CreateParty(transaction, name, role), cancellationToken);

    /// <summary>Parties, oldest first: every one, or that of an id; at most so many, after another.</summary>
    public IReadOnlyList<Party> ListParties(string? only = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => RegistryRows.Parties(session, only, after, limit));

    /// <summary>A party by its id; null if there is none.</summary>
    public Party? FindParty(string partyId) => _readers.Read(session => RegistryRows.Party(session, partyId));

    /// <summary>Bars a party from new agreements; what it earns by those in force stays its own.</summary>
    public Task<Party> RevokePartyAsync(string partyId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Registry.RevokeParty(transaction, partyId), cancellationToken);

    /// <summary>Enters a customer.</summary>
    public Task<Customer> CreateCustomerAsync(
        string name, Currency currency, Amount? spendingLimit = null, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _registry.CreateCustomer(transaction, name, currency, spendingLimit), cancellationToken);

    /// <summary>Customers, oldest first: every one, or that of an id; at most so many, after another.</summary>
    public IReadOnlyList<Customer> ListCustomers(string? only = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => RegistryRows.Customers(session, only, after, limit));

    /// <summary>A customer by its id; null if there is none.</summary>
    public Customer? FindCustomer(string customerId) => _readers.Read(session => RegistryRows.Customer(session, customerId));

    /// <summary>Changes a customer's spending limit, or lifts it with null.</summary>
    public Task<Customer> SetSpendingLimitAsync(string customerId, Amount? spendingLimit, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Registry.SetSpendingLimit(transaction, customerId, spendingLimit), cancellationToken);

    /// <summary>Shuts a customer's keys.</summary>
    public Task<Customer> RevokeCustomerAsync(string customerId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Registry.RevokeCustomer(transaction, customerId), cancellationToken);

    /// <summary>Enters an app of a party with the role of a developer.</summary>
    public Task<App> CreateAppAsync(string name, string developerId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _registry.CreateApp(transaction, name, developerId), cancellationToken);

    /// <summary>Apps, oldest first: every one, or a developer's; at most so many, after another.</summary>
    public IReadOnlyList<App> ListApps(string? developerId = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => RegistryRows.Apps(session, developerId, after, limit));

    /// <summary>Shuts an app's keys.</summary>
    public Task<App> RevokeAppAsync(string appId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Registry.RevokeApp(transaction, appId), cancellationToken);

    /// <summary>Issues a key to a customer, for an app or for none. Its text is shown in the result and never again.</summary>
    public Task<IssuedKey> IssueKeyAsync(
        string customerId, string label, string? appId = null, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _registry.IssueKey(transaction, customerId, label, appId, isDemo: false), cancellationToken);

    /// <summary>
    /// Issues the key by which a first start can be tried at once. It is printed where logs are kept, so a host that others reach refuses
    /// to start while it is in force.
    /// </summary>
    public Task<IssuedKey> IssueDemoKeyAsync(string customerId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => _registry.IssueKey(transaction, customerId, "first", null, isDemo: true), cancellationToken);

    /// <summary>
    /// Issues a key of a role other than a customer's: a party's names its party, the others nobody. Its text is shown in the result and
    /// never again. Where the ledger asks for four eyes, those who may approve are let in by two: throws
    /// <see cref="ApprovalNeededException"/>.
    /// </summary>
    public Task<IssuedKey> IssueKeyAsync(
        KeyRole role, string label, string? partyId = null, CancellationToken cancellationToken = default) =>
        GuardedAsync(
            ProposedAction.Key, $"a key of {role.Name()}, '{label}'", _ => false,
            transaction => _registry.IssueKey(transaction, role, partyId, label), cancellationToken,
            // The first one is nobody's to approve.
            ifAsked: transaction =>
                role.Decides() && RegistryRows.Keys(transaction.Session).Any(key => key.Role.Decides() && key.Revoked is null));

    /// <summary>Keys, oldest first: every one, or a customer's or party's; at most so many, after another.</summary>
    public IReadOnlyList<ApiKey> ListKeys(string? holderId = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => RegistryRows.Keys(session, holderId, after, limit));

    /// <summary>Shuts a key; the next request with it is refused, in whatever process.</summary>
    public Task<ApiKey> RevokeKeyAsync(string keyId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(transaction => Registry.RevokeKey(transaction, keyId), cancellationToken);

    /// <summary>
    /// The key whose text a client presents, or null if it is malformed, unknown, wrong or shut, or its customer or app is. Which of these
    /// can't be told from the answer, nor a wrong secret from an unknown key by the comparison's time. Reads the database each time, so a
    /// revocation by any process holds at once.
    /// </summary>
    public ApiKey? Authenticate(string? presented) => _gate.Authenticate(presented);

    // Metering.

    /// <summary>
    /// Lets a request of an authenticated key in, or says why not. This instant decides the request's price, agreement and period.
    /// </summary>
    public AdmissionDecision Admit(ApiKey key, string model)
    {
        if (!_admissions.TryNow(out var now, out var problem))
            return new AdmissionRefusal(AdmissionRefusalReason.ClockSkewed, problem);
        return _gate.Admit(key, model, now);
    }

    /// <summary>
    /// Posts what a request used: a receipt with the next number of its key, and the entry that charges the customer. The same request
    /// posted again gives its first receipt. Cancelling does not undo a receipt handed to the writer: post again, or find it, to learn of
    /// it.
    /// </summary>
    public async Task<Receipt> PostAsync(Usage usage, CancellationToken cancellationToken = default)
    {
        Meter.Check(usage);
        // What was let in before a crash may be posted after it.
        if (usage.MeterId is null)
            _admissions.GoOnFrom(usage.Admission.AdmittedAt);
        return await _owned.RunAsync(
            transaction => _meter.Post(transaction, usage), cancellationToken,
            foreseen: new(usage.Admission, usage.RequestId, Posts: true, usage.MeterId))
            .ConfigureAwait(false);
    }

    /// <summary>Finds a receipt by its own id or its request's.</summary>
    public Receipt? FindReceipt(string receiptOrRequestId) => _readers.Read(session =>
        ReceiptRows.FindById(session, receiptOrRequestId) ?? ReceiptRows.FindByRequest(session, receiptOrRequestId));

    /// <summary>Lists receipts, newest last.</summary>
    public ReceiptPage ListReceipts(ReceiptQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, ReceiptQuery.LongestPage);
        return _readers.Read(session => ReceiptRows.List(session, query));
    }

    // The journal.

    /// <summary>What every account has come to, by name; or the accounts of one party.</summary>
    public IReadOnlyList<Balance> Balances(string? partyId = null) => ListBalances(partyId, "", int.MaxValue);

    /// <summary>
    /// The same after an account in a currency (<c>ACCOUNT CURRENCY</c>, or nothing), at most so many; or what they had come to at an
    /// instant, for which every posting until then is read.
    /// </summary>
    public IReadOnlyList<Balance> ListBalances(string? partyId, string after, int limit, DateTimeOffset? at = null)
    {
        var (name, currency) = after.LastIndexOf(' ') is > 0 and var blank ? (after[..blank], after[(blank + 1)..]) : (after, "");
        return at is { } instant
            ?
            [
                .. Balances(instant, partyId).Where(balance => string.CompareOrdinal(balance.Account.Name, name) is var order
                    && (order > 0 || (order == 0 && string.CompareOrdinal(balance.Currency.Code, currency) > 0))).Take(limit),
            ]
            : _readers.Read(session => JournalRows.Balances(session, partyId, after.Length == 0 ? [] : [name, currency], limit));
    }

    /// <summary>What a customer owes.</summary>
    public Amount UnpaidCharges(string customerId) => _readers.Read(session =>
    {
        var customer = RegistryRows.Customer(session, customerId)
            ?? throw Registry.Unknown(Refusal.UnknownCustomer, "customer", customerId);
        return JournalRows.Net(session, Account.Receivable(customerId), customer.Currency);
    });

    /// <summary>
    /// The entries of a period in journal order, at most <paramref name="limit"/> (1 to 10,000) after the one numbered so.
    /// </summary>
    public EntryPage ListEntries(Period period, long after = 0, int limit = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ReceiptQuery.LongestPage);
        var entries = _readers.Read(session => JournalRows.Entries(session, period, after, limit + 1));
        return entries.Count <= limit ? new(entries, null) : new([.. entries.Take(limit)], entries[limit - 1].Number);
    }

    /// <summary>
    /// Recomputes what the journal keeps twice or promises: every entry balanced, every account's totals those of its postings, every key's
    /// receipts numbered without gaps and chained, every charge that of its receipt. Returns what is wrong; nothing if all is well.
    /// Reads the whole file.
    /// </summary>
    public IReadOnlyList<string> Audit() => _readers.Read(Ledger.Audit.Run);

    // Settlement.

    /// <summary>How far a period is. Periods close in order: one before a closed one is closed too.</summary>
    public PeriodStatus StatusOf(Period period) => _readers.Read(session => PeriodRows.Last(session).StatusOf(period));

    /// <summary>
    /// Closes a period after its end: shares out its revenue by the agreements its receipts name and makes whole coins payable. Refused
    /// before the period's end, while a host answers requests of it, and while an earlier one with entries is open. Closing it again
    /// finishes what a crash left, or changes nothing; the result is the same.
    /// </summary>
    public async Task<PeriodSettlement> ClosePeriodAsync(Period period, CancellationToken cancellationToken = default)
    {
        // Only the first step needs a second key: what was begun is finished by whoever comes.
        var (_, waiting) = await _writer.RunAsync(
            transaction => transaction.LastPeriod.StatusOf(period) is var status && status != PeriodStatus.Open
                ? (status, (Proposal?)null)
                : _fourEyes.Run(
                    transaction, ProposedAction.Close, $"close {period}", always: false, within => PeriodClose.Begin(within, period)),
            cancellationToken).ConfigureAwait(false);
        if (waiting is not null)
            throw new ApprovalNeededException(waiting);
        await AdjustAsync(period, cancellationToken).ConfigureAwait(false);
        // Its charges stand still from here on, so the shares can be computed beside the writer.
        var settlement = await Task.Run(() => _readers.Read(session => Settlement.Of(session, period)), cancellationToken)
            .ConfigureAwait(false);
        await _writer.RunAsync(
            transaction =>
            {
                var before = transaction.LastPeriod.StatusOf(period);
                var status = PeriodClose.Finish(transaction, settlement);
                if (before != status)
                    _outbox.Tell(transaction, WebhookEventType.PeriodClosed, null, new(period, status), LedgerJson.Default.PeriodNotice);
                return status;
            },
            cancellationToken).ConfigureAwait(false);
        await CommitToPeriodAsync(period, cancellationToken).ConfigureAwait(false);
        return settlement.ToView() with { Status = PeriodStatus.Closed };
    }

    /// <summary>What a period comes to for every party; an estimate until it is closed.</summary>
    public PeriodSettlement Settle(Period period) => _readers.Read(session => _closed.Of(session, period).ToView());

    /// <summary>What a period comes to for one party, line by line; an estimate until it is closed.</summary>
    public Statement Statement(Period period, string partyId) =>
        _readers.Read(session => StatementIn(session, _closed.Of(session, period), partyId));

    /// <summary>Every party's statement of a period, oldest party first.</summary>
    public IReadOnlyList<Statement> Statements(Period period) => _readers.Read<IReadOnlyList<Statement>>(session =>
    {
        var settlement = _closed.Of(session, period);
        var zone = LedgerRows.Zone(session);
        return
        [
            .. RegistryRows.Parties(session).Select(party => settlement.StatementOf(party, BillingFor(session, period, party.Id), zone)),
        ];
    });

    private static Statement StatementIn(Session session, Settlement settlement, string partyId)
    {
        var party = RegistryRows.Party(session, partyId) ?? throw Registry.Unknown(Refusal.UnknownParty, "party", partyId);
        return settlement.StatementOf(party, BillingFor(session, settlement.Period, partyId), LedgerRows.Zone(session));
    }

    /// <summary>Takes nothing new, records what is under way, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isOwner)
            return;
        await _owned.DisposeAsync().ConfigureAwait(false);
        _readers.Dispose();
    }
}
