namespace Ayni.Ledger;

// What surrounds a receipt: the zone of its month, limits, reservations.
public sealed partial class Books
{
    /// <summary>Events in one step of the writer.</summary>
    private const int EventsAtOnce = 100;

    /// <summary>The zone whose days and months are the ledger's.</summary>
    public LedgerZone Zone => _readers.Read(LedgerRows.Zone);

    /// <summary>Chooses the zone whose days and months are the ledger's; refused once there is a receipt.</summary>
    public Task<LedgerZone> SetZoneAsync(string ianaId, CancellationToken cancellationToken = default)
    {
        var zone = LedgerZone.Find(ianaId);
        return _writer.RunAsync(
            transaction =>
            {
                if (LedgerRows.HasReceipts(transaction.Session))
                    throw new LedgerRefusedException(
                        Refusal.ZoneInUse,
                        $"The zone is {transaction.Zone} and there are receipts in its months; a ledger's zone is chosen before its first receipt.");
                transaction.Note("set_zone", "ledger", transaction.Zone.Id, zone.Id, LedgerJson.Default.String);
                LedgerRows.SetZone(transaction.Session, zone);
                return zone;
            },
            cancellationToken);
    }

    /// <summary>What everybody limited may use.</summary>
    public IReadOnlyList<Limits> ListLimits(string? customerId = null, string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => BudgetRows.List(session, customerId, after, limit));

    /// <summary>
    /// Puts limits in the place of a key's, customer's or app's own, or lifts them all. What its requests of this day and month cost
    /// counts from their beginning.
    /// </summary>
    public async Task<Limits> SetLimitsAsync(Limits limits, CancellationToken cancellationToken = default)
    {
        // Many receipts take their time to count, in which others post.
        var now = _clock.GetUtcNow();
        var counted = limits.Currency is { } money
            ? await Task.Run(() => _readers.Read(session => SpentCount.Of(session, limits.SubjectId, money, now)), cancellationToken)
                .ConfigureAwait(false)
            : null;
        return await _writer.RunAsync(transaction => LimitList.Set(transaction, limits, counted), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Begins the run of a host, whose reservations hold as long as its lease does, and lets go of what runs held whose leases ran out.
    /// </summary>
    /// <param name="name">What people call the host; others may be called the same.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<HostLease> BeginHostAsync(string name, CancellationToken cancellationToken = default)
    {
        var lease = new HostLease(_identifiers.New("hst"), Text.Demand(name, "host's name"));
        return _owned.RunAsync(
            transaction =>
            {
                Reservations.Begin(transaction, lease);
                return lease;
            },
            cancellationToken);
    }

    /// <summary>
    /// Prolongs a host's lease by <see cref="HostLease.Term"/>, lets go of what hosts held whose leases ran out and of what this one holds
    /// that is not under way, erases answers that were kept for long enough, and compares the clocks.
    /// </summary>
    /// <param name="lease">The run.</param>
    /// <param name="oldestRequest">When the oldest of its requests under way came; null if it has none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task RenewHostAsync(
        HostLease lease, DateTimeOffset? oldestRequest = null, CancellationToken cancellationToken = default) => _owned.RunAsync(
        transaction =>
        {
            transaction.HoldOnlyWhatIsUnderWay(transaction.KeepLease(lease));
            BudgetRows.TellOldestRequest(transaction.Session, lease.Id, oldestRequest, transaction.Now);
            Reservations.SweepExpired(transaction);
            BudgetRows.DropEmptyHolds(transaction.Session, lease.Id);
            IdempotencyRows.EraseAnswers(transaction.Session, transaction.Now - IdempotentRequest.KeptFor);
            return true;
        },
        cancellationToken, mustSurvive: false);

    /// <summary>Ends a host's run, and lets go of whatever it still holds.</summary>
    public Task EndHostAsync(HostLease lease, CancellationToken cancellationToken = default) => _owned.RunAsync(
        transaction =>
        {
            Reservations.Sweep(transaction, lease.Id);
            return true;
        },
        cancellationToken, mustSurvive: false);

    /// <summary>
    /// Lets a request of an authenticated key in, as <see cref="Admit"/> does, and reserves what it may come to cost if anything limits it,
    /// as <see cref="ReserveAsync"/> does: faster than one after the other, since the step that reserves also sees whether the terms still
    /// are what they were.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="model">The model.</param>
    /// <param name="requestId">The request's own id.</param>
    /// <param name="demand">What it asks for.</param>
    /// <param name="lease">The run of the host that asks.</param>
    public async Task<AdmissionDecision> LetInAsync(ApiKey key, string model, string requestId, TokenDemand demand, HostLease lease)
    {
        if (!_admissions.TryNow(out var now, out var problem))
            return new AdmissionRefusal(AdmissionRefusalReason.ClockSkewed, problem);
        var decision = _gate.Remember(key, model, now) is { IsLimited: true } remembered ? remembered : _gate.Admit(key, model, now);
        return decision is Admission { IsLimited: true } admission
            ? await ReserveAsync(admission, requestId, demand, lease).ConfigureAwait(false)
            : decision;
    }

    /// <summary>
    /// Reserves for an admitted request what it may come to cost, or says why not. The answer is the admission to post with: its
    /// <see cref="Reservation.MaxTokens"/> is how long answers may get at most. Posting lets go of what is held; what is not posted is to
    /// be voided.
    /// </summary>
    /// <param name="admission">How the request was let in.</param>
    /// <param name="requestId">The request's own id.</param>
    /// <param name="demand">What it asks for.</param>
    /// <param name="lease">The run of the host that asks.</param>
    public Task<AdmissionDecision> ReserveAsync(Admission admission, string requestId, TokenDemand demand, HostLease lease)
    {
        Text.Demand(requestId, "request's id");
        ArgumentOutOfRangeException.ThrowIfNegative(demand.Prompt);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.Answers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.MaxTokens, 1);
        // Never cancelled: whoever gave up the wait would not know what to void.
        return _owned.RunAsync(
            transaction => Gate.AdmitAgain(transaction, admission) switch
            {
                Admission valid => Reservations.Reserve(transaction, valid, requestId, demand, lease),
                var refusal => refusal,
            },
            CancellationToken.None, mustSurvive: false, new(admission, requestId, Posts: false));
    }

    /// <summary>Lets go of what a request held that used nothing; one that holds nothing any more changes nothing.</summary>
    public async Task VoidAsync(Reservation reservation, CancellationToken cancellationToken = default)
    {
        try
        {
            await _owned.RunAsync(
                transaction =>
                {
                    // Posting has let go of it, also where the answer to that was lost.
                    if (transaction.ReceiptOf(reservation.RequestId) is null)
                        Reservations.Release(transaction, reservation, 0);
                    return true;
                },
                cancellationToken, mustSurvive: false).ConfigureAwait(false);
        }
        catch (LedgerStorageException)
        {
            _owned.GiveUp(reservation.RequestId);
            throw;
        }
    }

    /// <summary>How often something is held of what somebody limited may spend, by every host.</summary>
    internal long CountHolds() => _readers.Read(BudgetRows.CountHolds);

    /// <summary>The keys that meters elsewhere may report for, by meter.</summary>
    public IReadOnlyList<MeteredKey> ListMeteredKeys(string after = "", int limit = int.MaxValue) =>
        _readers.Read(session => MeterRows.List(session, after, limit));

    /// <summary>Lets a meter report for a customer's key.</summary>
    public Task<MeteredKey> AllowMeterAsync(string meterId, string keyId, CancellationToken cancellationToken = default) => _writer.RunAsync(
        transaction =>
        {
            UsageRecorder.Allow(transaction, meterId, keyId);
            return new MeteredKey(meterId, keyId);
        },
        cancellationToken);

    /// <summary>Lets a meter report for a customer's key no more; what it told before stays.</summary>
    public Task<MeteredKey> DisallowMeterAsync(string meterId, string keyId, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(
            transaction =>
            {
                UsageRecorder.Disallow(transaction, meterId, keyId);
                return new MeteredKey(meterId, keyId);
            },
            cancellationToken);

    /// <summary>
    /// Records what a meter elsewhere tells, in its order, each event by itself: one that is refused says why and the others are recorded.
    /// Told again, an event gives its first receipt. Cancelling keeps what was recorded until then.
    /// </summary>
    /// <param name="meterId">The meter's key.</param>
    /// <param name="events">At most <see cref="UsageEvent.LargestBatch"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<RecordedUsage>> RecordAsync(
        string meterId, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(events.Count, UsageEvent.LargestBatch);
        var recorded = new List<RecordedUsage>(events.Count);
        // Few at a time, so that requests of others don't wait long.
        foreach (var part in events.Chunk(EventsAtOnce))
        {
            recorded.AddRange(await _owned.RunAsync(
                transaction => Array.ConvertAll(part, used => UsageRecorder.Record(transaction, _meter, meterId, used)), cancellationToken)
                .ConfigureAwait(false));
        }
        return recorded;
    }

    /// <summary>
    /// Begins a request that its client named, unless it was begun or answered before. What was begun is posted with
    /// <see cref="Usage.Kept"/> or abandoned.
    /// </summary>
    public Task<IdempotencyStatus> BeginIdempotentAsync(IdempotentRequest request, string requestId, HostLease lease)
    {
        Text.Demand(requestId, "request's id");
        // Never cancelled: whoever gave up the wait would not know what to abandon.
        return _owned.RunAsync(
            transaction => Idempotency.Begin(transaction, request, requestId, lease), CancellationToken.None, mustSurvive: false);
    }

    /// <summary>Forgets a request that was begun and used nothing; one that was posted stays.</summary>
    public Task AbandonIdempotentAsync(IdempotentRequest request, string requestId) => _owned.RunAsync(
        transaction =>
        {
            Idempotency.Abandon(transaction, request, requestId);
            return true;
        },
        CancellationToken.None, mustSurvive: false);
}
