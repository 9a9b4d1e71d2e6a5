using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger;

/// <summary>
/// One write transaction. What it has read outlives it only while nobody else writes (<see cref="Known"/>), so nothing is stale when another
/// process has written in between.
/// </summary>
internal sealed class Transaction(Session session, DateTimeOffset now, Known known)
{
    private readonly Dictionary<(string Name, Currency Currency), AccountTotal> _accounts = [];
    private readonly Dictionary<(string SubjectId, string Span, Currency Currency), BudgetTotal> _budgets = [];
    private readonly Dictionary<string, RateWindow> _rates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Receipt?> _receipts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _reservations = new(StringComparer.Ordinal);
    private readonly List<string> _released = [];
    private readonly Dictionary<string, Amount> _credits = new(StringComparer.Ordinal);
    private string? _leaseKept;
    private readonly Dictionary<(string CustomerId, string Scope, Period Period), MonthUse> _uses = [];
    private readonly List<Digest> _receiptLeaves = [];
    private long _firstReceiptEntry, _lastReceiptEntry;

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

    /// <summary>Reads at once what jobs to come will ask for one by one.</summary>
    public void Foresee(IReadOnlyCollection<Foreseen> jobs)
    {
        string[] requests = [.. jobs.Select(job => job.RequestId).Distinct(StringComparer.Ordinal)];
        foreach (var request in requests)
            (_receipts[request], _reservations[request]) = (null, false);
        ForeseenRows.Receipts(session, requests, receipt => _receipts[receipt.RequestId] = receipt);
        ForeseenRows.Reservations(session, requests, request => _reservations[request] = true);

        string[] keys = [.. jobs.Where(job => job.MeterId is null).Select(job => job.Admission.KeyId).Distinct(StringComparer.Ordinal)];
        foreach (var key in keys)
            known.KeyHeads[(key, null)] = default;
        ForeseenRows.Heads(session, keys, (key, head) => known.KeyHeads[(key, null)] = head);

        string[] accounts =
        [
            .. jobs.Select(job => Account.Receivable(job.Admission.CustomerId).Name)
                .Concat(jobs.Select(job => Account.Revenue(FirstOpen(job.Admission.Period), job.Admission.Model).Name))
                .Distinct(StringComparer.Ordinal),
        ];
        ForeseenRows.Accounts(session, accounts, (name, currency, total) => known.Accounts[(name, currency)] = total);

        string[] customers = [.. jobs.Select(job => job.Admission.CustomerId).Distinct(StringComparer.Ordinal)];
        RegistryRows.ForEachCustomer(session, customers, customer => known.Customers[customer.Id] = customer);

        string[] subjects = [.. jobs.SelectMany(job => job.Admission.LimitedSubjects).Distinct(StringComparer.Ordinal)];
        if (subjects.Length == 0)
            return;
        foreach (var subject in subjects)
            known.Limits[subject] = null;
        BudgetRows.ForEach(session, subjects, limits => known.Limits[limits.SubjectId] = limits);
        string[] spans =
        [
            BudgetSpan.Ever, .. jobs.Select(job => BudgetSpan.Of(Zone.DayOf(job.Admission.AdmittedAt))).Distinct(),
            .. jobs.Select(job => BudgetSpan.Of(job.Admission.Period)).Distinct(),
        ];
        foreach (var (subject, currency) in jobs.SelectMany(job => job.Admission.LimitedSubjects.Select(id => (id, job.Admission.Currency))).Distinct())
        {
            foreach (var span in spans)
                known.Budgets[(subject, span, currency)] = new(Amount.Zero(currency), Amount.Zero(currency));
        }
        ForeseenRows.Budgets(session, subjects, spans, (subject, span, currency, total) => known.Budgets[(subject, span, currency)] = total);
    }

    /// <summary>The zone whose months are the ledger's.</summary>
    public LedgerZone Zone => known.Zone ??= LedgerRows.Zone(session);

    /// <summary>The last period that is closing or closed.</summary>
    public PeriodMark? LastPeriod
    {
        get
        {
            if (!known.IsLastPeriodRead)
                known.LastPeriod = PeriodRows.Last(session);
            known.IsLastPeriodRead = true;
            return known.LastPeriod;
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
        ForgetCredits();
        known.LastPeriod = new(period, status);
        known.IsLastPeriodRead = true;
    }

    /// <summary>The month in which what is about a month counts: itself, or the first after it that takes entries.</summary>
    public Period FirstOpen(Period service) => LastPeriod is { } last && service <= last.Period ? last.Period.Next : service;

    /// <summary>The last number and hash of a key's receipts, a host's or those of a meter.</summary>
    public KeyHead HeadOf(string keyId, string? meterId)
    {
        if (!known.KeyHeads.TryGetValue((keyId, meterId), out var head))
            known.KeyHeads.Add((keyId, meterId), head = ReceiptRows.Head(session, keyId, meterId));
        return head;
    }

    /// <summary>Posts an entry. Throws <see cref="UnbalancedEntryException"/> if its debits and credits differ in a currency.</summary>
    /// <returns>The entry's number.</returns>
    public long Post(Period period, Period servicePeriod, EntryKind kind, string reference, ImmutableArray<Posting> postings)
    {
        Balancing.Demand(kind, reference, postings);
        var number = (known.LastEntry ?? JournalRows.LastEntry(session)) + 1;
        JournalRows.InsertEntry(session, number, now, period, servicePeriod, kind, reference);
        for (var line = 0; line < postings.Length; line++)
        {
            var account = TotalOf(postings[line].Account, postings[line].Currency);
            account.Add(postings[line].Amount);
            JournalRows.InsertPosting(session, number, line, account.Id, postings[line].Amount);
        }
        known.LastEntry = number;
        return number;
    }

    /// <summary>Stores a receipt with the entry that charges it.</summary>
    public void Store(Receipt receipt, long entry)
    {
        var canonical = ReceiptFormat.Encode(receipt);
        ReceiptRows.Insert(session, entry, receipt, canonical);
        var hash = Digest.Of(canonical);
        known.KeyHeads[(receipt.KeyId, receipt.MeterId)] = new(receipt.KeyNumber, hash);
        if (_receiptLeaves.Count == 0)
            _firstReceiptEntry = entry;
        _lastReceiptEntry = entry;
        _receiptLeaves.Add(MerkleTree.Leaf(hash));
        _receipts[receipt.RequestId] = receipt;
    }

    /// <summary>The receipt of a request, this transaction's included.</summary>
    public Receipt? ReceiptOf(string requestId) =>
        _receipts.TryGetValue(requestId, out var receipt) ? receipt : ReceiptRows.FindByRequest(session, requestId);

    /// <summary>A customer that is there.</summary>
    public Customer CustomerOf(string customerId)
    {
        if (!known.Customers.TryGetValue(customerId, out var customer))
            known.Customers.Add(customerId, customer = RegistryRows.Customer(session, customerId)!);
        return customer;
    }

    /// <summary>What a customer's credits may pay of its charges since the last close.</summary>
    public Amount CreditOf(Customer customer)
    {
        if (!(known.HasCredits ??= CreditRows.Any(session)))
            return Amount.Zero(customer.Currency);
        if (!_credits.TryGetValue(customer.Id, out var credit))
            _credits.Add(customer.Id, credit = CreditRows.Available(session, customer.Id, customer.Currency, now));
        return credit;
    }

    /// <summary>Lets credits be read anew.</summary>
    public void ForgetCredits()
    {
        known.HasCredits = null;
        _credits.Clear();
    }

    /// <summary>Stores a reservation.</summary>
    public void Hold(Reservation reservation, HostLease lease)
    {
        BudgetRows.Insert(session, reservation, lease);
        if (session.IsRemote)
            _reservations[reservation.RequestId] = true;
    }

    /// <summary>Deletes a request's reservation; false if there is none.</summary>
    public bool Release(string requestId)
    {
        if (!_reservations.TryGetValue(requestId, out var isThere))
            return BudgetRows.Delete(session, requestId);
        if (isThere)
            _released.Add(requestId);
        _reservations[requestId] = false;
        return isThere;
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
    public Amount NetOf(Account account, Currency currency) => known.Accounts.TryGetValue((account.Name, currency), out var total)
        ? total.Debits - total.Credits
        : JournalRows.Net(session, account, currency);

    /// <summary>Changes with every change of anybody's limits.</summary>
    public long LimitsVersion => known.LimitsVersion ??= LedgerRows.LimitsVersion(session);

    /// <summary>What bounds a key, customer or app; null if nothing does.</summary>
    public Limits? LimitsOf(string subjectId)
    {
        if (!known.Limits.TryGetValue(subjectId, out var limits))
            known.Limits.Add(subjectId, limits = BudgetRows.Find(session, subjectId));
        return limits;
    }

    /// <summary>Puts limits in the place of others.</summary>
    public void SetLimits(Limits limits)
    {
        BudgetRows.Set(session, limits);
        known.Limits.Remove(limits.SubjectId);
        NoteLimitsChanged();
    }

    /// <summary>Lets every posting look anew for who is limited.</summary>
    public void NoteLimitsChanged()
    {
        known.Customers.Clear();
        LedgerRows.IncrementLimitsVersion(session);
        known.LimitsVersion = null;
    }

    /// <summary>What somebody limited has spent and holds in a span of time.</summary>
    public BudgetTotal BudgetOf(string subjectId, string span, Currency currency)
    {
        if (_budgets.TryGetValue((subjectId, span, currency), out var total))
            return total;
        if (!known.Budgets.TryGetValue((subjectId, span, currency), out total))
            known.Budgets.Add((subjectId, span, currency), total = BudgetRows.Budget(session, subjectId, span, currency));
        _budgets.Add((subjectId, span, currency), total);
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
        if (_released.Count > 0)
            BudgetRows.Delete(session, [.. _released]);
        foreach (var ((name, currency), account) in _accounts)
        {
            if (account.IsChanged)
                JournalRows.UpdateAccount(session, name, currency, account);
            account.IsChanged = false;
        }
        foreach (var ((subject, span, currency), total) in _budgets)
        {
            if (total.IsChanged)
                BudgetRows.Save(session, subject, span, currency, total);
            total.IsChanged = false;
        }
        foreach (var (subject, window) in _rates)
            BudgetRows.Save(session, subject, window, RateWindow.FirstAt(now));
        foreach (var ((customerId, scope, period), use) in _uses)
            UseRows.Save(session, customerId, scope, period, use);
    }

    private AccountTotal TotalOf(Account account, Currency currency)
    {
        if (_accounts.TryGetValue((account.Name, currency), out var total))
            return total;
        if (!known.Accounts.TryGetValue((account.Name, currency), out total))
            known.Accounts.Add((account.Name, currency), total = JournalRows.OpenAccount(session, account, currency));
        _accounts.Add((account.Name, currency), total);
        return total;
    }
}

/// <summary>An account within a transaction.</summary>
internal sealed class AccountTotal(long id, Amount debits, Amount credits)
{
    public long Id => id;

    public Amount Debits { get; private set; } = debits;

    public Amount Credits { get; private set; } = credits;

    /// <summary>Whether it is still to be written.</summary>
    public bool IsChanged { get; set; }

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
