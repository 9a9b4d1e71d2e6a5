namespace Ayni.Ledger.Tests;

/// <summary>
/// One life of a ledger, all of it decided by a seed: requests admitted, reserved, posted, posted twice, posted late and out of order,
/// voided; a clock that jumps; months closed by several at once; an office that deals with their money (<see cref="SimulatedOffice"/>);
/// hosts that end, and crashes of what the ledger stands on. After each, the ledger must be what those who were answered know: a client's
/// receipts are there and charged once, documents are what they were, and balances come to what all of them say.
/// </summary>
internal abstract class LedgerSimulation(int seed) : IAsyncDisposable
{
    private const string Model = "llama";

    private static readonly Currency Euro = Currency.Parse("EUR");
    private static readonly DateTimeOffset Start = new(2026, 1, 3, 0, 0, 0, TimeSpan.Zero);

    private readonly SeededNumbers _numbers = new(seed);
    private readonly List<ApiKey> _keys = [];

    /// <summary>What was let in and not posted yet.</summary>
    private readonly List<Usage> _waiting = [];

    private readonly Dictionary<string, (Usage Usage, Receipt Receipt)> _answered = new(StringComparer.Ordinal);
    private readonly Dictionary<Period, PeriodSettlement> _closed = [];

    /// <summary>What the office did without an answer before a crash: it is done again.</summary>
    private readonly Queue<OfficeAct> _undone = [];

    /// <summary>Which receipts are looked for, as often as there is something to check.</summary>
    private readonly Random _looks = new(seed);

    private SimulatedOffice _office = null!;
    private HostLease _lease = null!;
    private int _requests;
    private long _operations;

    /// <summary>What came to pass, for the report.</summary>
    public SimulationCounts Counts { get; protected set; } = new();

    protected Random Random { get; } = new(seed);

    protected ManualClock Clock { get; } = new(Start);

    protected Books Books { get; private set; } = null!;

    /// <summary>What was posted without an answer before a crash: it is posted again.</summary>
    protected List<Usage> Unknown { get; } = [];

    /// <summary>Where the ledger is.</summary>
    protected abstract string Address { get; }

    /// <summary>What shows a failure again.</summary>
    protected abstract string Command { get; }

    /// <summary>Lives one life of at least so many operations. Throws <see cref="SimulationFailure"/>.</summary>
    public async Task<SimulationCounts> RunAsync(int operations, CancellationToken cancellationToken = default)
    {
        try
        {
            await BeginAsync().ConfigureAwait(false);
            while (_operations < operations)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await StepAsync().ConfigureAwait(false);
            }
            await EndAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is not (SimulationFailure or OperationCanceledException))
        {
            throw new SimulationFailure(Command, $"operation {_operations}: {error.Message}", error);
        }
        return Counts with { Operations = _operations, Documents = _office.Documents };
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Books is not null)
            await Books.DisposeAsync().ConfigureAwait(false);
        _numbers.Dispose();
    }

    /// <summary>Called when all that was written was waited for.</summary>
    protected virtual void Note()
    {
    }

    /// <summary>
    /// Lets something crash while some are posted, of whom those without an answer go to <see cref="Unknown"/>, and checks what is left.
    /// </summary>
    protected abstract Task CrashAsync();

    private async Task BeginAsync()
    {
        Open();
        await Books.CreatePartyAsync("Hostess", Role.Host).ConfigureAwait(false);
        await Books.CreatePartyAsync("Model owner", Role.Licensor).ConfigureAwait(false);
        var developer = await Books.CreatePartyAsync("App maker", Role.Developer).ConfigureAwait(false);
        var app = await Books.CreateAppAsync("Poems", developer.Id).ConfigureAwait(false);
        await Books.SetPriceAsync(Model, Euro, Amount.Parse("0.37", Euro), Amount.Parse("1.11", Euro)).ConfigureAwait(false);
        await Books.SetAgreementAsync(
            null, [Share.Of(Role.Licensor, 333_333), Share.Of(Role.Host, 466_666), Share.Of(Role.Developer, 200_001)],
            held: HeldAcceptances.OfAll("the simulation")).ConfigureAwait(false);
        for (var i = 0; i < 4; i++)
        {
            var limit = i < 2 ? Amount.Parse("1000000", Euro) : (Amount?)null;
            var customer = await Books.CreateCustomerAsync($"Customer {i}", Euro, limit).ConfigureAwait(false);
            _keys.Add((await Books.IssueKeyAsync(customer.Id, "key", i % 2 == 0 ? app.Id : null).ConfigureAwait(false)).Key);
        }
        await SimulatedOffice.OpenAsync(Books).ConfigureAwait(false);
        _office = new(new(seed), Model, Euro, Start);
        _lease = await Books.BeginHostAsync("host").ConfigureAwait(false);
        await PostAsync(1).ConfigureAwait(false);
        Note();
    }

    private async Task StepAsync()
    {
        switch (Random.Next(100))
        {
            case < 30:
                await PostAsync(Random.Next(1, 40)).ConfigureAwait(false);
                Note();
                break;
            case < 38:
                Admit(Random.Next(1, 10));
                break;
            case < 43:
                await ReserveAndVoidAsync().ConfigureAwait(false);
                break;
            case < 48:
                await RepeatAsync().ConfigureAwait(false);
                break;
            case < 80:
                await ActAsync().ConfigureAwait(false);
                Note();
                break;
            case < 88:
                JumpClock();
                break;
            case < 92:
                await CloseAsync().ConfigureAwait(false);
                await PostAsync(1).ConfigureAwait(false);
                Note();
                break;
            case < 95:
                await RestartAsync().ConfigureAwait(false);
                break;
            default:
                await CrashAsync().ConfigureAwait(false);
                break;
        }
    }

    /// <summary>Lets some in, to be posted at some time.</summary>
    private void Admit(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _operations++;
            if (Usage() is { } usage)
                _waiting.Add(usage);
        }
    }

    /// <summary>Posts some at once, waiting ones among them and in any order; each gets a receipt of what it used.</summary>
    protected async Task PostAsync(int count)
    {
        var usages = await TakeAsync(count).ConfigureAwait(false);
        var receipts = await PostTogetherAsync(usages).ConfigureAwait(false);
        for (var i = 0; i < usages.Count; i++)
            Answer(usages[i], receipts[i]);
    }

    /// <summary>Posts them in one transaction, whatever the threads do: the writer waits until all are queued.</summary>
    protected async Task<Receipt[]> PostTogetherAsync(List<Usage> usages)
    {
        using var begun = new SemaphoreSlim(0);
        using var queued = new ManualResetEventSlim();
        var held = Books.HoldWriterAsync(() =>
        {
            begun.Release();
            queued.Wait();
        });
        await Task.WhenAny(begun.WaitAsync(), held).ConfigureAwait(false);
        var posted = usages.Select(usage => Books.PostAsync(usage)).ToArray();
        queued.Set();
        var receipts = await Task.WhenAll(posted).ConfigureAwait(false);
        await held.ConfigureAwait(false);
        return receipts;
    }

    protected async Task<List<Usage>> TakeAsync(int count)
    {
        var usages = new List<Usage>();
        for (var i = 0; i < count; i++)
        {
            _operations++;
            if (Unknown.Count > 0 && Random.Next(2) == 0)
                usages.Add(Take(Unknown));
            else if (_waiting.Count > 0 && Random.Next(2) == 0)
                usages.Add(Take(_waiting));
            else if (Usage() is { } usage)
                usages.Add(Random.Next(2) == 0 ? await ReservedAsync(usage).ConfigureAwait(false) : usage);
            // The same at the same time.
            if (usages.Count > 0 && Random.Next(20) == 0)
                usages.Add(usages[Random.Next(usages.Count)]);
        }
        return usages;
    }

    private Usage Take(List<Usage> usages)
    {
        var i = Random.Next(usages.Count);
        var usage = usages[i];
        usages.RemoveAt(i);
        return usage;
    }

    private async Task<Usage> ReservedAsync(Usage usage)
    {
        var decision = await Books.ReserveAsync(usage.Admission, usage.RequestId, new(10, 1, 10), _lease).ConfigureAwait(false);
        return decision is Admission admission
            ? usage with { Admission = admission }
            : throw Failure($"a reservation of {usage.RequestId} was refused: {decision}");
    }

    private async Task ReserveAndVoidAsync()
    {
        _operations++;
        if (Usage() is not { } usage)
            return;
        if ((await ReservedAsync(usage).ConfigureAwait(false)).Admission.Reservation is { } reservation)
        {
            await Books.VoidAsync(reservation).ConfigureAwait(false);
            await Books.VoidAsync(reservation).ConfigureAwait(false);
        }
    }

    /// <summary>What was answered is posted again: the same gives the same, another under its name is refused.</summary>
    private async Task RepeatAsync()
    {
        _operations++;
        var (usage, receipt) = _answered.Values.ElementAt(Random.Next(_answered.Count));
        if (await Books.PostAsync(usage).ConfigureAwait(false) != receipt)
            throw Failure($"{usage.RequestId} posted again has another receipt");
        try
        {
            await Books.PostAsync(usage with { Counts = usage.Counts with { Prompt = usage.Counts.Prompt + 1 } }).ConfigureAwait(false);
            throw Failure($"{usage.RequestId} was posted with other usage");
        }
        catch (LedgerRefusedException refused) when (refused.Refusal == Refusal.RequestIdReused)
        {
        }
        Counts = Counts with { Repeats = Counts.Repeats + 1 };
    }

    /// <summary>Lets the office do what it did without an answer, or something else.</summary>
    private Task ActAsync()
    {
        _operations++;
        return _office.DoAsync(Books, _undone.TryDequeue(out var undone) ? undone : _office.Choose(Books, Clock.Now));
    }

    /// <summary>Lets the office do something whose answer it does not hear.</summary>
    protected Task ActUnheardAsync()
    {
        _operations++;
        var act = _office.Choose(Books, Clock.Now);
        _undone.Enqueue(act);
        return SimulatedOffice.TryAsync(Books, act);
    }

    private void JumpClock()
    {
        _operations++;
        Counts = Counts with { ClockJumps = Counts.ClockJumps + 1 };
        if (Random.Next(4) > 0)
        {
            Clock.Now += TimeSpan.FromMicroseconds(Random.NextInt64(1, 15L * 24 * 3600 * 1_000_000));
            return;
        }
        // Back: nothing is let in until the clock is set right, and no instant comes before one that was given.
        var before = Clock.Now;
        Clock.Now -= TimeSpan.FromSeconds(Random.Next(3, 100_000));
        if (Books.Admit(_keys[0], Model) is Admission admission && admission.AdmittedAt < _answered.Values.Max(pair => pair.Receipt.AdmittedAt))
            throw Failure($"{admission.AdmittedAt:O} was given by a clock that went back");
        Clock.Now = before;
    }

    /// <summary>Closes the first month that is over and open, by several at once.</summary>
    protected async Task CloseAsync()
    {
        _operations++;
        var month = Period.Of(Clock.Now);
        var next = _closed.Count == 0 ? Period.Of(Start) : _closed.Keys.Max().Next;
        if (next >= month)
            return;
        // None of its requests is answered any more: what waits to be posted was.
        await RenewHostAsync().ConfigureAwait(false);
        await using var other = Books.Open(Address, Clock, _numbers);
        var settlements = await Task.WhenAll(
            Books.ClosePeriodAsync(next), other.ClosePeriodAsync(next), Books.ClosePeriodAsync(next)).ConfigureAwait(false);
        if (settlements.Any(settlement => !settlement.Equals(settlements[0])))
            throw Failure($"{next} was closed by several with different results");
        _closed.Add(next, settlements[0]);
        Counts = Counts with { Closes = Counts.Closes + 1 };
        CheckShares(next);
    }

    /// <summary>Ends the host in order and starts it again.</summary>
    private async Task RestartAsync()
    {
        _operations++;
        await Books.DisposeAsync().ConfigureAwait(false);
        Open();
        _lease = await Books.BeginHostAsync("host").ConfigureAwait(false);
        await PostAsync(1).ConfigureAwait(false);
        Note();
    }

    protected bool IsAnswered(string requestId) => _answered.ContainsKey(requestId);

    protected Task RenewHostAsync() => Books.RenewHostAsync(_lease);

    /// <summary>Begins the host's run after one that crashed: what that held is let go of when its lease is over.</summary>
    protected async Task BeginHostAfterCrashAsync()
    {
        Clock.Now += HostLease.Term + TimeSpan.FromMicroseconds(1);
        _lease = await Books.BeginHostAsync("host").ConfigureAwait(false);
        if (Books.CountHolds() != 0)
            throw Failure("something is held of a run whose lease is over");
        await PostAsync(1).ConfigureAwait(false);
        Note();
    }

    private async Task EndAsync()
    {
        while (_undone.Count > 0)
            await ActAsync().ConfigureAwait(false);
        while (Unknown.Count + _waiting.Count > 0)
        {
            var usage = Take(Unknown.Count > 0 ? Unknown : _waiting);
            Answer(usage, await Books.PostAsync(usage).ConfigureAwait(false));
        }
        await RenewHostAsync().ConfigureAwait(false);
        if (Books.CountHolds() != 0)
            throw Failure("something is held when nothing is under way");
        for (var month = Period.Of(Clock.Now); !_closed.ContainsKey(month);)
        {
            Clock.Now = month.End > Clock.Now ? month.End : Clock.Now;
            await CloseAsync().ConfigureAwait(false);
        }
        Check();

        // All that was charged went to the parties, to the unit.
        var charged = _answered.Values.Aggregate(Amount.Zero(Euro), (sum, pair) => sum + pair.Receipt.Charge);
        var given = Books.Balances().Where(balance => balance.Account.Name.StartsWith("party:", StringComparison.Ordinal))
            .Aggregate(Amount.Zero(Euro), (sum, balance) => sum - balance.Net);
        var open = Books.Balances().Where(balance => balance.Account.Name.StartsWith("revenue:", StringComparison.Ordinal))
            .Aggregate(Amount.Zero(Euro), (sum, balance) => sum - balance.Net);
        charged += _office.SharedBeyondCharges(Books, Clock.Now);
        given += _office.PaidOut(Books);
        if (given + open != charged)
            throw Failure($"{charged} were charged and not taken back, {given} given to parties, and {open} are not shared out");
        foreach (var (period, settlement) in _closed)
        {
            if (!Books.Settle(period).Equals(settlement))
                throw Failure($"{period} replays otherwise than it was closed");
        }
    }

    /// <summary>What must hold at all times.</summary>
    protected void Check()
    {
        if (Books.Audit() is { Count: > 0 } findings)
            throw Failure(string.Join("; ", findings));
        var all = Receipts().ToList();
        var byRequest = new Dictionary<string, Receipt>(StringComparer.Ordinal);
        // What is there beyond what was answered is what was posted without an answer, each once.
        foreach (var receipt in all)
        {
            if (!byRequest.TryAdd(receipt.RequestId, receipt))
                throw Failure($"{receipt.RequestId} was charged twice");
        }
        foreach (var (usage, receipt) in _answered.Values)
        {
            if (!receipt.Equals(byRequest.GetValueOrDefault(usage.RequestId)))
                throw Failure($"{receipt.Id} of {usage.RequestId} was answered and is lost or another");
        }
        for (var i = 0; i < Math.Min(5, all.Count); i++)
        {
            var receipt = all[_looks.Next(all.Count)];
            if (!receipt.Equals(Books.FindReceipt(receipt.RequestId)) || !receipt.Equals(Books.FindReceipt(receipt.Id)))
                throw Failure($"{receipt.Id} of {receipt.RequestId} is not found");
        }
        var charged = all.GroupBy(receipt => receipt.CustomerId, StringComparer.Ordinal).ToDictionary(
            customer => customer.Key, customer => customer.Aggregate(Amount.Zero(Euro), (sum, receipt) => sum + receipt.Charge));
        if (_office.FindFault(Books, Clock.Now, charged) is { } fault)
            throw Failure(fault);
        var sum = Books.Balances().Aggregate(Amount.Zero(Euro), (sum, balance) => sum + balance.Net);
        if (sum.Sign != 0)
            throw Failure($"the journal sums to {sum}");
        foreach (var (period, settlement) in _closed)
        {
            if (Books.StatusOf(period) != PeriodStatus.Closed)
                throw Failure($"{period} was closed and is {Books.StatusOf(period)}");
        }
    }

    private IEnumerable<Receipt> Receipts()
    {
        for (long? after = 0; after is { } from;)
        {
            var page = Books.ListReceipts(new(After: from, Limit: ReceiptQuery.LongestPage));
            foreach (var receipt in page.Receipts)
                yield return receipt;
            after = page.Next;
        }
    }

    private void CheckShares(Period period)
    {
        var totals = _closed[period].Totals;
        var earned = totals.Aggregate(Amount.Zero(Euro), (sum, total) => sum + total.Earned);
        var distributed = totals.Aggregate(Amount.Zero(Euro), (sum, total) => sum + total.Payable + (total.CarryOut - total.CarryIn));
        if (earned != distributed)
            throw Failure($"{period}: {earned} were earned, {distributed} are payable or carried");
    }

    protected void Answer(Usage usage, Receipt receipt)
    {
        Counts = Counts with { Receipts = Counts.Receipts + 1 };
        if (receipt.RequestId != usage.RequestId || receipt.Counts != usage.Counts || receipt.AdmittedAt != usage.Admission.AdmittedAt
            || receipt.Charge != usage.Admission.Price.Charge(usage.Counts, null, default))
            throw Failure($"{receipt.Id} is not what {usage.RequestId} used");
        if (_answered.TryAdd(usage.RequestId, (usage, receipt)) || _answered[usage.RequestId].Receipt.Equals(receipt))
            return;
        throw Failure($"{usage.RequestId} has two receipts");
    }

    /// <summary>A request let in now; null while the clock is behind what it gave before.</summary>
    private Usage? Usage()
    {
        Clock.Now += TimeSpan.FromMicroseconds(Random.Next(1, 1_000_000));
        return Books.Admit(_keys[Random.Next(_keys.Count)], Model) is Admission admission
            ? new(
                admission, $"req-{++_requests}", Digest.Zero,
                new(Random.Next(1_000_000), Random.Next(1_000), Random.Next(100_000)), Outcome.Completed)
            : null;
    }

    protected virtual void Open() => Books = Books.Open(Address, Clock, _numbers);

    protected SimulationFailure Failure(string problem) => new(Command, $"operation {_operations}: {problem}.");
}

/// <summary>What came to pass in a simulation.</summary>
internal sealed record SimulationCounts(
    long Operations = 0, long Receipts = 0, long Repeats = 0, long Documents = 0, long ClockJumps = 0, long Closes = 0, long Crashes = 0)
{
    public static SimulationCounts operator +(SimulationCounts left, SimulationCounts right) => new(
        left.Operations + right.Operations, left.Receipts + right.Receipts, left.Repeats + right.Repeats, left.Documents + right.Documents,
        left.ClockJumps + right.ClockJumps, left.Closes + right.Closes, left.Crashes + right.Crashes);
}
