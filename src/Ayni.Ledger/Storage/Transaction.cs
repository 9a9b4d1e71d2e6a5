using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger;

/// <summary>
/// One write transaction, and what it has read so far: nothing outlives it, so nothing is stale when another process has written in
/// between.
/// </summary>
internal sealed class Transaction(Session session, DateTimeOffset now)
{
    private readonly Dictionary<(string Name, Currency Currency), AccountTotal> _accounts = [];
    private readonly Dictionary<(string KeyId, string? MeterId), KeyHead> _keyHeads = [];
    private readonly Dictionary<(string SubjectId, string Span, Currency Currency), BudgetTotal> _budgets = [];
    private readonly Dictionary<string, RateWindow> _rates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Limits?> _limits = new(StringComparer.Ordinal);
    private string? _leaseKept;
    private long? _limitsVersion;
    private readonly Dictionary<(string CustomerId, string Scope, Period Period), MonthUse> _uses = [];
    private readonly List<Digest> _receiptLeaves = [];
    private long _firstReceiptEntry, _lastReceiptEntry;
    private long? _lastEntry;
    private LedgerZone? _zone;
    private PeriodMark? _lastPeriod;
    private bool _lastPeriodRead;

    public Session Session => session;

    /// <summary>When the transaction began, in whole microseconds.</summary>
    public DateTimeOffset Now => now;

    /// <summary>Who acts in the present job.</summary>
    public string Actor { get; set; } = "";

    /// <summary>
    /// Notes in the log of actions what the present job changed, beside the change itself. Of what was there before and is there now only
    /// the digests of their JSON views are kept.
    /// </summary>
    public void Note<T>(string action, string subject, T? before, T? after, JsonTypeInfo<T> view)
        where T : class
    {
        ActionRows.Insert(session, new(0, now, Actor, action, subject, DigestOf(before), DigestOf(after)));

        Digest? DigestOf(T? value) => value is null ? null : Digest.Of(JsonSerializer.SerializeToUtf8Bytes(value, view));
    }

    /// <summary>The zone whose months are the ledger's.</summary>
    public LedgerZone Zone => _zone ??= LedgerRows.Zone(session);

    /// <summary>The last period that is closing or closed.</summary>
    public PeriodMark? LastPeriod
    {
        get
        {
            if (!_lastPeriodRead)
                _lastPeriod = PeriodRows.Last(session);
            _lastPeriodRead = true;
            return _lastPeriod;
        }
    }

    /// <summary>The period that what is not metered counts in: this month, or the first after it that no close has begun for.</summary>
    public Period OpenPeriod => FirstOpen(Zone.PeriodOf(now));

    /// <summary>The day in the ledger's zone.</summary>
    public DateOnly Today => Zone.DayOf(now);

    /// <summary>Marks a period and what lies before it as closing or closed.</summary>
    public void Mark(Period period, PeriodStatus status)
    {
        PeriodRows.Mark(session, period, status, now);
        _lastPeriod = new(period, status);
        _lastPeriodRead = true;
    }

    /// <summary>The month in which what is about a month counts: itself, or the first after it that takes entries.</summary>
    public Period FirstOpen(Period service) => LastPeriod is { } last && service <= last.Period ? last.Period.Next : service;

    /// <summary>The last number and hash of a key's receipts, a host's or those of a meter.</summary>
    public KeyHead HeadOf(string keyId, string? meterId)
    {
        if (!_keyHeads.TryGetValue((keyId, meterId), out var head))
            _keyHeads.Add((keyId, meterId), head = ReceiptRows.Head(session, keyId, meterId));
        return head;
    }

    /// <summary>Posts an entry. Throws <see cref="UnbalancedEntryException"/> if its debits and credits differ in a currency.</summary>
    /// <returns>The entry's number.</returns>
    public long Post(Period period, Period servicePeriod, EntryKind kind, string reference, ImmutableArray<Posting> postings)
    {
        Balancing.Demand(kind, reference, postings);
        var number = (_lastEntry ?? JournalRows.LastEntry(session)) + 1;
        JournalRows.InsertEntry(session, number, now, period, servicePeriod, kind, reference);
        for (var line = 0; line < postings.Length; line++)
        {
            var account = TotalOf(postings[line].Account, postings[line].Currency);
            account.Add(postings[line].Amount);
            JournalRows.InsertPosting(session, number, line, account.Id, postings[line].Amount);
        }
        _lastEntry = number;
        return number;
    }

    /// <summary>Stores a receipt with the entry that charges it.</summary>
    public void Store(Receipt receipt, long entry)
    {
        var canonical = ReceiptFormat.Encode(receipt);
        ReceiptRows.Insert(session, entry, receipt, canonical);
        var hash = Digest.Of(canonical);
        _keyHeads[(receipt.KeyId, receipt.MeterId)] = new(receipt.KeyNumber, hash);
        if (_receiptLeaves.Count == 0)
            _firstReceiptEntry = entry;
        _lastReceiptEntry = entry;
        _receiptLeaves.Add(MerkleTree.Leaf(hash));
    }

    /// <summary>Signs the receipts stored, all with one signature.</summary>
    public void Seal(ReceiptSigner signer)
    {
        if (_receiptLeaves.Count > 0)
            signer.Seal(session, now, CollectionsMarshal.AsSpan(_receiptLeaves), _firstReceiptEntry, _lastReceiptEntry);
    }

    /// <summary>Counts a request in its month, and returns what the customer had used of it before.</summary>
    public MonthUse Count(string customerId, string scope, Period period, TokenCounts counts)
    {
        var key = (customerId, scope, period);
        if (!_uses.TryGetValue(key, out var before))
            before = UseRows.Find(session, customerId, scope, period);
        _uses[key] = before + MonthUse.Of(counts);
        return before;
    }

    /// <summary>What an account has come to, this transaction included.</summary>
    public Amount NetOf(Account account, Currency currency) => _accounts.TryGetValue((account.Name, currency), out var total)
        ? total.Debits - total.Credits
        : JournalRows.Net(session, account, currency);

    /// <summary>Changes with every change of anybody's limits.</summary>
    public long LimitsVersion => _limitsVersion ??= LedgerRows.LimitsVersion(session);

    /// <summary>What bounds a key, customer or app; null if nothing does.</summary>
    public Limits? LimitsOf(string subjectId)
    {
        if (!_limits.TryGetValue(subjectId, out var limits))
            _limits.Add(subjectId, limits = BudgetRows.Find(session, subjectId));
        return limits;
    }

    /// <summary>Puts limits in the place of others.</summary>
    public void SetLimits(Limits limits)
    {
        BudgetRows.Set(session, limits);
        _limits.Remove(limits.SubjectId);
        NoteLimitsChanged();
    }

    /// <summary>Lets every posting look anew for who is limited.</summary>
    public void NoteLimitsChanged()
    {
        LedgerRows.IncrementLimitsVersion(session);
        _limitsVersion = null;
    }

    /// <summary>What somebody limited has spent and holds in a span of time.</summary>
    public BudgetTotal BudgetOf(string subjectId, string span, Currency currency)
    {
        if (!_budgets.TryGetValue((subjectId, span, currency), out var total))
            _budgets.Add((subjectId, span, currency), total = BudgetRows.Budget(session, subjectId, span, currency));
        return total;
    }

    /// <summary>What somebody limited was let in with within the last minute.</summary>
    public RateWindow RatesOf(string subjectId)
    {
        if (!_rates.TryGetValue(subjectId, out var window))
            _rates.Add(subjectId, window = BudgetRows.Rates(session, subjectId, RateWindow.FirstAt(now)));
        return window;
    }

    /// <summary>Prolongs a host's lease, once a transaction.</summary>
    public void KeepLease(HostLease lease)
    {
        if (_leaseKept != lease.Id)
            BudgetRows.KeepLease(session, lease, now + HostLease.Term);
        _leaseKept = lease.Id;
    }

    /// <summary>Writes the totals that changed, before the commit.</summary>
    public void SaveTotals()
    {
        foreach (var account in _accounts.Values)
        {
            if (account.IsChanged)
                JournalRows.UpdateAccount(session, account);
        }
        foreach (var ((subject, span, currency), total) in _budgets)
        {
            if (total.IsChanged)
                BudgetRows.Save(session, subject, span, currency, total);
        }
        foreach (var (subject, window) in _rates)
            BudgetRows.Save(session, subject, window, RateWindow.FirstAt(now));
        foreach (var ((customerId, scope, period), use) in _uses)
            UseRows.Save(session, customerId, scope, period, use);
    }

    private AccountTotal TotalOf(Account account, Currency currency)
    {
        if (!_accounts.TryGetValue((account.Name, currency), out var total))
            _accounts.Add((account.Name, currency), total = JournalRows.OpenAccount(session, account, currency));
        return total;
    }
}

/// <summary>An account within a transaction.</summary>
internal sealed class AccountTotal(long id, Amount debits, Amount credits)
{
    public long Id => id;

    public Amount Debits { get; private set; } = debits;

    public Amount Credits { get; private set; } = credits;

    public bool IsChanged { get; private set; }

    public void Add(Amount amount)
    {
        if (amount.Sign >= 0)
            Debits += amount;
        else
            Credits -= amount;
        IsChanged = true;
    }
}

/// <summary>Where a key's chain of receipts ends.</summary>
internal readonly record struct KeyHead(long Number, Digest Hash);

/// <summary>The last period that does not take every entry any more.</summary>
internal readonly record struct PeriodMark(Period Period, PeriodStatus Status);
