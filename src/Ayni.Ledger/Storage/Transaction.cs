using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger;

/// <summary>
/// One write transaction. What it has read outlives it only while nobody else writes (<see cref="Known"/>), so nothing is stale when
/// another process has written in between.
/// </summary>
/// <param name="session">The connection.</param>
/// <param name="now">When it began.</param>
/// <param name="known">What is known of the database.</param>
/// <param name="underWay">What requests reserved here and was not let go, by request.</param>
/// <param name="receipts">What is known of requests' receipts: null for one that has none.</param>
internal sealed class Transaction(
    Session session, DateTimeOffset now, Known known, IReadOnlyDictionary<string, Reservation> underWay, Dictionary<string, Receipt?> receipts)
{
    private readonly Dictionary<(string Name, Currency Currency), AccountTotal> _accounts = [];
    private readonly Dictionary<(string SubjectId, string Span, Currency Currency), BudgetTotal> _budgets = [];
    private readonly Dictionary<string, RateWindow> _rates = new(StringComparer.Ordinal);
    private readonly Dictionary<(Hold Hold, Currency Currency), HeldTotal> _holds = [];
    private readonly HashSet<(string KeyId, string? MeterId)> _series = [];
    private readonly Dictionary<string, Amount> _credits = new(StringComparer.Ordinal);
    private readonly Dictionary<(string CustomerId, string Scope, Period Period), MonthUse> _uses = [];
    private readonly List<Digest> _receiptLeaves = [];
    private long _firstReceiptEntry, _lastReceiptEntry;

    public Session Session => session;

    /// <summary>What requests reserved in this transaction, by request.</summary>
    public Dictionary<string, Reservation> Reserved { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests that were let go in this transaction.</summary>
    public HashSet<string> Released { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests whose receipts were stored or found in this transaction.</summary>
    public IEnumerable<string> Posted => receipts.Keys;

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

    /// <summary>Reads at once what jobs to come will ask for one by one and is not known.</summary>
    public void Foresee(IReadOnlyCollection<Foreseen> jobs)
    {
        string[] keys = Unknown(
            jobs.Where(job => job.Posts && job.MeterId is null).Select(job => job.Admission.KeyId), key => known.KeyHeads.ContainsKey((key, null)));
        foreach (var key in keys)
            known.KeyHeads[(key, null)] = default;
        if (keys.Length > 0)
            ForeseenRows.Heads(session, keys, (key, head) => known.KeyHeads[(key, null)] = head);

        // An account in another currency that is unknown is asked for by itself.
        string[] accounts = Unknown(
            jobs.Select(job => (Account.Receivable(job.Admission.CustomerId), job.Admission.Currency))
                .Concat(jobs.Select(job => (Account.Revenue(FirstOpen(job.Admission.Period), job.Admission.Model), job.Admission.Currency)))
                .Where(account => !known.Accounts.ContainsKey((account.Item1.Name, account.Currency))).Select(account => account.Item1.Name),
            _ => false);
        if (accounts.Length > 0)
            ForeseenRows.Accounts(session, accounts, (name, currency, total) => known.Accounts.TryAdd((name, currency), total));

        string[] customers = Unknown(jobs.Select(job => job.Admission.CustomerId), known.Customers.ContainsKey);
        if (customers.Length > 0)
            RegistryRows.ForEachCustomer(session, customers, customer => known.Customers[customer.Id] = customer);

        string[] subjects = Unknown(jobs.SelectMany(job => job.Admission.LimitedSubjects), known.Limits.ContainsKey);
        foreach (var subject in subjects)
            known.Limits[subject] = null;
        if (subjects.Length > 0)
            BudgetRows.ForEach(session, subjects, limits => known.Limits[limits.SubjectId] = limits);
        ForeseeBudgets(jobs);
    }

    private void ForeseeBudgets(IReadOnlyCollection<Foreseen> jobs)
    {
        var spends = new HashSet<(Hold Hold, Currency Currency)>();
        var holds = new HashSet<(Hold Hold, Currency Currency)>();
        foreach (var admission in jobs.Select(job => job.Admission))
        {
            foreach (var subject in admission.LimitedSubjects)
            {
                if (subject == admission.CustomerId)
                    holds.Add((new(subject, BudgetSpan.Ever), admission.Currency));
                if (known.Limits[subject] is not { BoundsMoney: true })
                    continue;
                foreach (var span in (string[])[BudgetSpan.Of(Zone.DayOf(admission.AdmittedAt)), BudgetSpan.Of(admission.Period)])
                {
                    spends.Add((new(subject, span), admission.Currency));
                    holds.Add((new(subject, span), admission.Currency));
                }
            }
        }
        ForeseeHolds(holds);
        spends.RemoveWhere(spend => known.Budgets.ContainsKey((spend.Hold.SubjectId, spend.Hold.Span, spend.Currency)));
        foreach (var (hold, currency) in spends)
            known.Budgets[(hold.SubjectId, hold.Span, currency)] = new(Amount.Zero(currency));
        if (spends.Count > 0)
        {
            ForeseenRows.Budgets(session, [.. spends.Select(spend => spend.Hold)], (hold, currency, total) =>
            {
                if (spends.Contains((hold, currency)))
                    known.Budgets[(hold.SubjectId, hold.Span, currency)] = total;
            });
        }
    }

    private void ForeseeHolds(HashSet<(Hold Hold, Currency Currency)> holds)
    {
        holds.RemoveWhere(known.Holds.ContainsKey);
        foreach (var (hold, currency) in holds)
            known.Holds[(hold, currency)] = new(currency);
        if (holds.Count > 0)
        {
            ForeseenRows.Holds(session, [.. holds.Select(hold => hold.Hold)], (hold, currency, leaseId, held) =>
            {
                if (holds.Contains((hold, currency)))
                    known.Holds[(hold, currency)].Load(leaseId, held);
            });
        }
    }

    private static string[] Unknown(IEnumerable<string> names, Func<string, bool> isKnown) =>
        [.. names.Distinct(StringComparer.Ordinal).Where(name => !isKnown(name))];

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

    /// <summary>
    /// Refuses (<see cref="Refusal.ClockSkewed"/>) to do anything by a clock that shows a month which is closed already: what took effect
    /// in it now would change what it came to.
    /// </summary>
    public void DemandClock()
    {
        if (LastPeriod is { Period: var last } && Zone.PeriodOf(now) <= last)
            throw new LedgerRefusedException(
                Refusal.ClockSkewed, $"The clock shows {Zone.Show(now)}, and {last} has been closed after its end; set the clock right.");
    }

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
            if (kind == EntryKind.Charge && account.IsBeyondCharging)
                throw new LedgerRefusedException(
                    Refusal.InvalidSum,
                    $"{postings[line].Account} would come to more than {Amount.LargestEntered} {postings[line].Currency}, so that the month might never be "
                    + "closed; a price was mistyped. Nothing was recorded.");
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
        known.KeyHeads[(receipt.KeyId, receipt.MeterId)] = new(receipt.KeyNumber, hash, entry);
        _series.Add((receipt.KeyId, receipt.MeterId));
        if (_receiptLeaves.Count == 0)
            _firstReceiptEntry = entry;
        _lastReceiptEntry = entry;
        _receiptLeaves.Add(MerkleTree.Leaf(hash));
        receipts[receipt.RequestId] = receipt;
    }

    /// <summary>The receipt of a request, this transaction's included.</summary>
    public Receipt? ReceiptOf(string requestId) =>
        receipts.TryGetValue(requestId, out var receipt) ? receipt : ReceiptRows.FindByRequest(session, requestId);

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

    /// <summary>Holds what a reservation says.</summary>
    public void Hold(Reservation reservation)
    {
        Reserved[reservation.RequestId] = reservation;
        Hold(reservation, reservation.Amount);
    }

    /// <summary>Lets go of what a reservation holds; false if that was done, here or by who swept its lease.</summary>
    public bool Release(Reservation reservation)
    {
        var id = reservation.RequestId;
        if (!(underWay.ContainsKey(id) || Reserved.ContainsKey(id)) || !Released.Add(id) || SinceOf(reservation.Lease.Id) != reservation.Lease.Since)
            return false;
        Hold(reservation, -reservation.Amount);
        return true;
    }

    /// <summary>
    /// Lets a run hold what its requests under way do and nothing else. Where the answer to a commit was lost, only the database knows what
    /// came of it: more may be held than is known here, never less.
    /// </summary>
    public void HoldOnlyWhatIsUnderWay(LeaseTerm lease)
    {
        if (session.IsRemote)
        {
            // Posting has let go of them.
            Released.UnionWith(ForeseenRows.Receipts(session, underWay.Keys).Where(pair => pair.Value is not null).Select(pair => pair.Key));
        }
        var expected = BudgetRows.HoldsOf(session, lease.Id).ToDictionary(held => held, held => Amount.Zero(held.Currency));
        foreach (var (id, reservation) in underWay.Concat(Reserved))
        {
            if (Released.Contains(id) || reservation.Lease != lease)
                continue;
            foreach (var hold in reservation.Holds)
            {
                var key = (hold, reservation.Amount.Currency);
                expected[key] = reservation.Amount + (expected.TryGetValue(key, out var sum) ? sum : Amount.Zero(key.Currency));
            }
        }
        if (session.IsRemote)
            ForeseeHolds([.. expected.Keys]);
        foreach (var ((hold, currency), amount) in expected)
            HeldOf(hold, currency).Set(lease.Id, amount);
    }

    /// <summary>Signs the receipts stored, all with one signature, or has it done afterwards.</summary>
    public void Seal(ReceiptSigner? signer)
    {
        if (_receiptLeaves.Count > 0)
            ReceiptSigner.Seal(
                signer, session, now, CollectionsMarshal.AsSpan(_receiptLeaves), _firstReceiptEntry, _lastReceiptEntry);
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

    /// <summary>Changes with every change of anybody's limits, and of other terms.</summary>
    public long TermsVersion => known.TermsVersion ??= LedgerRows.TermsVersion(session);

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
        known.TermsVersion = null;
    }

    /// <summary>What somebody limited has spent in a span of time.</summary>
    public BudgetTotal BudgetOf(string subjectId, string span, Currency currency)
    {
        if (_budgets.TryGetValue((subjectId, span, currency), out var total))
            return total;
        if (!known.Budgets.TryGetValue((subjectId, span, currency), out total))
            known.Budgets.Add((subjectId, span, currency), total = BudgetRows.Budget(session, subjectId, span, currency));
        _budgets.Add((subjectId, span, currency), total);
        return total;
    }

    /// <summary>What requests under way hold of what somebody limited may spend in a span of time.</summary>
    public HeldTotal HeldOf(Hold hold, Currency currency)
    {
        if (_holds.TryGetValue((hold, currency), out var total))
            return total;
        if (!known.Holds.TryGetValue((hold, currency), out total))
            known.Holds.Add((hold, currency), total = BudgetRows.Held(session, hold, currency));
        _holds.Add((hold, currency), total);
        return total;
    }

    /// <summary>What somebody limited was let in with within the last minute.</summary>
    public RateWindow RatesOf(string subjectId)
    {
        if (!_rates.TryGetValue(subjectId, out var window))
            _rates.Add(subjectId, window = BudgetRows.Rates(session, subjectId, RateWindow.FirstAt(now)));
        return window;
    }

    /// <summary>Prolongs a host's lease.</summary>
    public LeaseTerm KeepLease(HostLease lease)
    {
        var term = new LeaseTerm(lease.Id, BudgetRows.KeepLease(session, lease, now));
        known.Leases[lease.Id] = term.Since;
        known.LeaseKept = (term, now);
        return term;
    }

    /// <summary>A host's lease, prolonged unless that was done a moment ago.</summary>
    public LeaseTerm LeaseOf(HostLease lease) =>
        known.LeaseKept is { } kept && kept.Term.Id == lease.Id && now >= kept.At && now < kept.At + HostLease.Term / 10
            ? kept.Term
            : KeepLease(lease);

    /// <summary>Ends a lease and lets go of all that is held under it.</summary>
    public void EndLease(string leaseId)
    {
        BudgetRows.EndLease(session, leaseId);
        known.Leases[leaseId] = null;
        if (known.LeaseKept?.Term.Id == leaseId)
            known.LeaseKept = null;
        foreach (var held in known.Holds.Values)
            held.Remove(leaseId);
    }

    /// <summary>Writes the totals that changed, before the commit.</summary>
    public void SaveTotals()
    {
        // Rows are taken in the order of their keys.
        foreach (var (keyId, meterId) in _series.OrderBy(series => series.KeyId, StringComparer.Ordinal))
            ReceiptRows.SaveHead(session, keyId, meterId, known.KeyHeads[(keyId, meterId)]);
        _series.Clear();
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
        foreach (var ((hold, currency), total) in _holds)
            total.Save((leaseId, held) => BudgetRows.Save(session, hold, currency, leaseId, held));
        foreach (var (subject, window) in _rates)
            BudgetRows.Save(session, subject, window, RateWindow.FirstAt(now));
        foreach (var ((customerId, scope, period), use) in _uses)
            UseRows.Save(session, customerId, scope, period, use);
    }

    private void Hold(Reservation reservation, Amount amount)
    {
        foreach (var hold in reservation.Holds)
            HeldOf(hold, amount.Currency).Add(reservation.Lease.Id, amount);
    }

    /// <summary>Since when a lease is in force; null if it was swept.</summary>
    private DateTimeOffset? SinceOf(string leaseId)
    {
        if (!known.Leases.TryGetValue(leaseId, out var since))
            known.Leases.Add(leaseId, since = BudgetRows.LeaseSince(session, leaseId));
        return since;
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
    private Amount Largest => Amount.Whole(Amount.LargestEntered, Debits.Currency);

    public long Id => id;

    public Amount Debits { get; private set; } = debits;

    public Amount Credits { get; private set; } = credits;

    /// <summary>
    /// Whether it has more than charges may come to: a month's are summed up and converted at its close, at a rate that is not known
    /// before, and that must never overflow.
    /// </summary>
    public bool IsBeyondCharging => Debits > Largest || Credits > Largest;

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

/// <summary>Where a key's chain of receipts ends, and the entry there, where that matters.</summary>
internal readonly record struct KeyHead(long Number, Digest Hash, long Entry = 0);

/// <summary>The last period that does not take every entry any more.</summary>
internal readonly record struct PeriodMark(Period Period, PeriodStatus Status);
