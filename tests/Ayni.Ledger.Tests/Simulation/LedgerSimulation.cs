using System.Globalization;

namespace Ayni.Ledger.Tests;

/// <summary>
/// One life of a ledger, all of it decided by a seed: requests admitted, reserved, posted, posted twice, posted late and out of order, voided;
/// a clock that jumps; months closed by several at once; hosts that end, and machines that crash and lose or tear what was not flushed.
/// After each, the ledger must be what those who were answered know: a client's receipts are there and charged once.
/// </summary>
internal sealed class LedgerSimulation : IAsyncDisposable
{
    private const string Model = "llama";

    private static readonly Currency Euro = Currency.Parse("EUR");
    private static readonly DateTimeOffset Start = new(2026, 1, 3, 0, 0, 0, TimeSpan.Zero);

    private readonly int _seed;
    private readonly Random _random;
    private readonly string _folder;
    private readonly ManualClock _clock = new(Start);
    private readonly SeededNumbers _numbers;
    private readonly List<ApiKey> _keys = [];

    /// <summary>What was let in and not posted yet.</summary>
    private readonly List<Usage> _waiting = [];

    /// <summary>What was posted without an answer before a crash: it is posted again.</summary>
    private readonly List<Usage> _unknown = [];

    private readonly Dictionary<string, (Usage Usage, Receipt Receipt)> _answered = new(StringComparer.Ordinal);
    private readonly Dictionary<Period, PeriodSettlement> _closed = [];
    private CrashImages _images;
    private Books _books;
    private HostLease _lease;
    private int _requests, _lives;
    private long _operations;

    private LedgerSimulation(int seed, string folder)
    {
        (_seed, _random, _folder, _numbers) = (seed, new(seed), folder, new(seed));
        (_images, _books, _lease) = (null!, null!, null!);
    }

    /// <summary>What came to pass, for the report.</summary>
    public SimulationCounts Counts { get; private set; } = new();

    private string PathOfLife => Path.Combine(_folder, _lives.ToString(CultureInfo.InvariantCulture), "ledger.db");

    /// <summary>Lives one life of at least so many operations. Throws <see cref="SimulationFailure"/>.</summary>
    public static async Task<SimulationCounts> RunAsync(int seed, int operations, CancellationToken cancellationToken = default)
    {
        var folder = Directory.CreateTempSubdirectory("ayni-simulation-").FullName;
        await using var simulation = new LedgerSimulation(seed, folder);
        try
        {
            await simulation.BeginAsync().ConfigureAwait(false);
            while (simulation._operations < operations)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await simulation.StepAsync().ConfigureAwait(false);
            }
            await simulation.EndAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is not (SimulationFailure or OperationCanceledException))
        {
            throw new SimulationFailure(seed, $"operation {simulation._operations}: {error.Message}", error);
        }
        return simulation.Counts with { Operations = simulation._operations };
    }

    public async ValueTask DisposeAsync()
    {
        if (_books is not null)
            await _books.DisposeAsync().ConfigureAwait(false);
        _numbers.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task BeginAsync()
    {
        Open();
        await _books.CreatePartyAsync("Hostess", Role.Host).ConfigureAwait(false);
        await _books.CreatePartyAsync("Model owner", Role.Licensor).ConfigureAwait(false);
        var developer = await _books.CreatePartyAsync("App maker", Role.Developer).ConfigureAwait(false);
        var app = await _books.CreateAppAsync("Poems", developer.Id).ConfigureAwait(false);
        await _books.SetPriceAsync(Model, Euro, Amount.Parse("0.37", Euro), Amount.Parse("1.11", Euro)).ConfigureAwait(false);
        await _books.SetAgreementAsync(
            null, [Share.Of(Role.Licensor, 333_333), Share.Of(Role.Host, 466_666), Share.Of(Role.Developer, 200_001)],
            held: HeldAcceptances.OfAll("the simulation")).ConfigureAwait(false);
        for (var i = 0; i < 4; i++)
        {
            var limit = i < 2 ? Amount.Parse("1000000", Euro) : (Amount?)null;
            var customer = await _books.CreateCustomerAsync($"Customer {i}", Euro, limit).ConfigureAwait(false);
            _keys.Add((await _books.IssueKeyAsync(customer.Id, "key", i % 2 == 0 ? app.Id : null).ConfigureAwait(false)).Key);
        }
        _lease = await _books.BeginHostAsync("host").ConfigureAwait(false);
        await PostAsync(1).ConfigureAwait(false);
        _images.Note();
    }

    private async Task StepAsync()
    {
        switch (_random.Next(100))
        {
            case < 55:
                await PostAsync(_random.Next(1, 40)).ConfigureAwait(false);
                _images.Note();
                break;
            case < 65:
                Admit(_random.Next(1, 10));
                break;
            case < 73:
                await ReserveAndVoidAsync().ConfigureAwait(false);
                break;
            case < 80:
                await RepeatAsync().ConfigureAwait(false);
                break;
            case < 88:
                JumpClock();
                break;
            case < 92:
                await CloseAsync().ConfigureAwait(false);
                await PostAsync(1).ConfigureAwait(false);
                _images.Note();
                break;
            case < 95:
                await RestartAsync().ConfigureAwait(false);
                break;
            default:
                await CrashAsync(everyWrite: _random.Next(8) == 0).ConfigureAwait(false);
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
    private async Task PostAsync(int count)
    {
        var usages = await TakeAsync(count).ConfigureAwait(false);
        var receipts = await Task.WhenAll(usages.Select(usage => _books.PostAsync(usage))).ConfigureAwait(false);
        for (var i = 0; i < usages.Count; i++)
            Answer(usages[i], receipts[i]);
    }

    private async Task<List<Usage>> TakeAsync(int count)
    {
        var usages = new List<Usage>();
        for (var i = 0; i < count; i++)
        {
            _operations++;
            if (_unknown.Count > 0 && _random.Next(2) == 0)
                usages.Add(Take(_unknown));
            else if (_waiting.Count > 0 && _random.Next(2) == 0)
                usages.Add(Take(_waiting));
            else if (Usage() is { } usage)
                usages.Add(_random.Next(2) == 0 ? await ReservedAsync(usage).ConfigureAwait(false) : usage);
            // The same at the same time.
            if (usages.Count > 0 && _random.Next(20) == 0)
                usages.Add(usages[_random.Next(usages.Count)]);
        }
        return usages;
    }

    private Usage Take(List<Usage> usages)
    {
        var i = _random.Next(usages.Count);
        var usage = usages[i];
        usages.RemoveAt(i);
        return usage;
    }

    private async Task<Usage> ReservedAsync(Usage usage)
    {
        var decision = await _books.ReserveAsync(usage.Admission, usage.RequestId, new(10, 1, 10), _lease).ConfigureAwait(false);
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
            await _books.VoidAsync(reservation).ConfigureAwait(false);
            await _books.VoidAsync(reservation).ConfigureAwait(false);
        }
    }

    /// <summary>What was answered is posted again: the same gives the same, another under its name is refused.</summary>
    private async Task RepeatAsync()
    {
        _operations++;
        var (usage, receipt) = _answered.Values.ElementAt(_random.Next(_answered.Count));
        if (await _books.PostAsync(usage).ConfigureAwait(false) != receipt)
            throw Failure($"{usage.RequestId} posted again has another receipt");
        try
        {
            await _books.PostAsync(usage with { Counts = usage.Counts with { Prompt = usage.Counts.Prompt + 1 } }).ConfigureAwait(false);
            throw Failure($"{usage.RequestId} was posted with other usage");
        }
        catch (LedgerRefusedException refused) when (refused.Refusal == Refusal.RequestIdReused)
        {
        }
        Counts = Counts with { Repeats = Counts.Repeats + 1 };
    }

    private void JumpClock()
    {
        _operations++;
        Counts = Counts with { ClockJumps = Counts.ClockJumps + 1 };
        if (_random.Next(4) > 0)
        {
            _clock.Now += TimeSpan.FromMicroseconds(_random.NextInt64(1, 15L * 24 * 3600 * 1_000_000));
            return;
        }
        // Back: nothing is let in until the clock is set right, and no instant comes before one that was given.
        var before = _clock.Now;
        _clock.Now -= TimeSpan.FromSeconds(_random.Next(3, 100_000));
        if (_books.Admit(_keys[0], Model) is Admission admission && admission.AdmittedAt < _answered.Values.Max(pair => pair.Receipt.AdmittedAt))
            throw Failure($"{admission.AdmittedAt:O} was given by a clock that went back");
        _clock.Now = before;
    }

    /// <summary>Closes the first month that is over and open, by several at once.</summary>
    private async Task CloseAsync()
    {
        _operations++;
        var month = Period.Of(_clock.Now);
        var next = _closed.Count == 0 ? Period.Of(Start) : _closed.Keys.Max().Next;
        if (next >= month)
            return;
        await using var other = Books.Open(PathOfLife, _clock, _numbers);
        var settlements = await Task.WhenAll(
            _books.ClosePeriodAsync(next), other.ClosePeriodAsync(next), _books.ClosePeriodAsync(next)).ConfigureAwait(false);
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
        await _books.DisposeAsync().ConfigureAwait(false);
        Open();
        _lease = await _books.BeginHostAsync("host").ConfigureAwait(false);
        await PostAsync(1).ConfigureAwait(false);
        _images.Note();
    }

    /// <summary>
    /// Crashes while some are posted, who get no answer. Every image the files may be left in must open and hold what was answered before;
    /// life goes on from one of them.
    /// </summary>
    private async Task CrashAsync(bool everyWrite)
    {
        await PostAsync(1).ConfigureAwait(false);
        _images.Note();
        var usages = await TakeAsync(_random.Next(1, 30)).ConfigureAwait(false);
        await Task.WhenAll(usages.Select(usage => _books.PostAsync(usage))).ConfigureAwait(false);

        if (_random.Next(3) == 0)
        {
            // The log is copied into the file, which happens by itself only after many writes.
            using var session = Database.At(PathOfLife).OpenWriter();
            session.Control("PRAGMA wal_checkpoint(PASSIVE)");
        }

        var images = everyWrite ? _images.AtEveryWrite(_random).ToArray() : [_images.AtRandom(_random)];
        await _books.DisposeAsync().ConfigureAwait(false);
        foreach (var image in images)
        {
            _lives++;
            CrashImages.Write(image, Path.GetDirectoryName(PathOfLife)!);
            Open();
            Counts = Counts with { Crashes = Counts.Crashes + 1 };
            Check();
            if (image != images[^1])
                await _books.DisposeAsync().ConfigureAwait(false);
        }
        foreach (var folder in Directory.GetDirectories(_folder).Where(folder => folder != Path.GetDirectoryName(PathOfLife)))
            Directory.Delete(folder, recursive: true);
        _unknown.AddRange(usages.DistinctBy(usage => usage.RequestId));
        // What the crashed run held is let go of when its lease is over.
        _clock.Now += HostLease.Term + TimeSpan.FromMicroseconds(1);
        _lease = await _books.BeginHostAsync("host").ConfigureAwait(false);
        if (_books.CountHolds() != 0)
            throw Failure("something is held of a run whose lease is over");
        await PostAsync(1).ConfigureAwait(false);
        _images.Note();
    }

    private async Task EndAsync()
    {
        while (_unknown.Count + _waiting.Count > 0)
        {
            var usage = Take(_unknown.Count > 0 ? _unknown : _waiting);
            Answer(usage, await _books.PostAsync(usage).ConfigureAwait(false));
        }
        for (var month = Period.Of(_clock.Now); !_closed.ContainsKey(month);)
        {
            _clock.Now = month.End > _clock.Now ? month.End : _clock.Now;
            await CloseAsync().ConfigureAwait(false);
        }
        Check();

        // All that was charged went to the parties, to the unit.
        var charged = _answered.Values.Aggregate(Amount.Zero(Euro), (sum, pair) => sum + pair.Receipt.Charge);
        var given = _books.Balances().Where(balance => balance.Account.Name.StartsWith("party:", StringComparison.Ordinal))
            .Aggregate(Amount.Zero(Euro), (sum, balance) => sum - balance.Net);
        var open = _books.Balances().Where(balance => balance.Account.Name.StartsWith("revenue:", StringComparison.Ordinal))
            .Aggregate(Amount.Zero(Euro), (sum, balance) => sum - balance.Net);
        if (given + open != charged)
            throw Failure($"{charged} were charged, {given} given to parties, and {open} are not shared out");
        foreach (var (period, settlement) in _closed)
        {
            if (!_books.Settle(period).Equals(settlement))
                throw Failure($"{period} replays otherwise than it was closed");
        }
    }

    /// <summary>What must hold at all times.</summary>
    private void Check()
    {
        if (_books.Audit() is { Count: > 0 } findings)
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
            var receipt = all[_random.Next(all.Count)];
            if (!receipt.Equals(_books.FindReceipt(receipt.RequestId)) || !receipt.Equals(_books.FindReceipt(receipt.Id)))
                throw Failure($"{receipt.Id} of {receipt.RequestId} is not found");
        }
        foreach (var key in _keys)
        {
            var charged = all.Where(receipt => receipt.CustomerId == key.CustomerId)
                .Aggregate(Amount.Zero(Euro), (sum, receipt) => sum + receipt.Charge);
            if (_books.UnpaidCharges(key.CustomerId) != charged)
                throw Failure($"{key.CustomerId} owes {_books.UnpaidCharges(key.CustomerId)} for receipts of {charged}");
        }
        var sum = _books.Balances().Aggregate(Amount.Zero(Euro), (sum, balance) => sum + balance.Net);
        if (sum.Sign != 0)
            throw Failure($"the journal sums to {sum}");
        foreach (var (period, settlement) in _closed)
        {
            if (_books.StatusOf(period) != PeriodStatus.Closed)
                throw Failure($"{period} was closed and is {_books.StatusOf(period)}");
        }
    }

    private IEnumerable<Receipt> Receipts()
    {
        for (long? after = 0; after is { } from;)
        {
            var page = _books.ListReceipts(new(After: from, Limit: ReceiptQuery.LongestPage));
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

    private void Answer(Usage usage, Receipt receipt)
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
        _clock.Now += TimeSpan.FromMicroseconds(_random.Next(1, 1_000_000));
        return _books.Admit(_keys[_random.Next(_keys.Count)], Model) is Admission admission
            ? new(
                admission, $"req-{++_requests}", Digest.Zero,
                new(_random.Next(1_000_000), _random.Next(1_000), _random.Next(100_000)), Outcome.Completed)
            : null;
    }

    private void Open()
    {
        _books = Books.Open(PathOfLife, _clock, _numbers);
        _images = new(PathOfLife);
    }

    private SimulationFailure Failure(string problem) => new(_seed, $"operation {_operations}: {problem}.");
}

/// <summary>What came to pass in a simulation.</summary>
internal sealed record SimulationCounts(
    long Operations = 0, long Receipts = 0, long Repeats = 0, long ClockJumps = 0, long Closes = 0, long Crashes = 0)
{
    public static SimulationCounts operator +(SimulationCounts left, SimulationCounts right) => new(
        left.Operations + right.Operations, left.Receipts + right.Receipts, left.Repeats + right.Repeats,
        left.ClockJumps + right.ClockJumps, left.Closes + right.Closes, left.Crashes + right.Crashes);
}
