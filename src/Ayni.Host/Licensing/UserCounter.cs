using System.Security.Cryptography;
using System.Text;
using Ayni.Ledger;
using Ayni.Llama;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>
/// Counts the users of a month, about and without knowing them: a sketch of keyed hashes of each request's <c>user</c> (of the customer,
/// where it names none), whose key is destroyed when the month is over. It only warns: what a licence asks is about other months and all
/// of an operator's products. Safe for use by many threads.
/// </summary>
internal sealed class UserCounter(Books books, ServingState state, TimeProvider clock, ILogger<UserCounter> logger) : IAsyncDisposable
{
    /// <summary>How often what was counted is stored, and the month looked at.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private UserCount? _month;
    private UserSketch _new = new();
    private bool _hasNew;
    private bool _warned;
    private Task? _loop;

    /// <summary>Opens the month's count and keeps it until the end.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _month = await books.OpenUserCountAsync(cancellationToken).ConfigureAwait(false);
        _loop = Task.Run(KeepAsync, CancellationToken.None);
    }

    /// <summary>Counts the user of a request.</summary>
    public void Note(string customerId, string? user)
    {
        lock (_lock)
        {
            if (_month?.Secret is not { } secret)
                return;
            // A customer's users are its own: two customers' "alice" are two users.
            _new.Add(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{customerId}\0{user}")));
            _hasNew = true;
        }
    }

    /// <summary>Stores what was counted, and turns to the next month if it has begun.</summary>
    public async Task StoreAsync(CancellationToken cancellationToken)
    {
        UserSketch? counted = null;
        Period? period;
        lock (_lock)
        {
            period = _month?.Period;
            if (_hasNew)
                (counted, _new, _hasNew) = (_new, new(), false);
        }
        if (period is not { } month)
            return;
        if (counted is not null)
        {
            var whole = await books.AddUsersAsync(month, counted, cancellationToken).ConfigureAwait(false);
            Warn(whole.Sketch.Estimate());
        }
        if (books.Zone.PeriodOf(clock.GetUtcNow()) != month)
        {
            var next = await books.OpenUserCountAsync(cancellationToken).ConfigureAwait(false);
            lock (_lock)
                (_month, _warned) = (next, false);
        }
    }

    /// <summary>Stores the last and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_loop is not null)
        {
            await _loop.ConfigureAwait(false);
            await TryStoreAsync(CancellationToken.None).ConfigureAwait(false);
            _loop = null;
        }
        _stopping.Dispose();
    }

    private async Task KeepAsync()
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
                await TryStoreAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private async Task TryStoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StoreAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LedgerException error)
        {
            // Some users go uncounted; nothing else depends on it.
            logger.UsersNotCounted(error.Message);
        }
    }

    private void Warn(double estimate)
    {
        if (_warned || !state.TryGetModel(out var model)
            || model.Licence.Terms?.Find(LicenceRule.MonthlyUsers)?.Value is not { } limit
            || estimate < double.Parse(limit, System.Globalization.CultureInfo.InvariantCulture) * (1 - 3 * UserSketch.StandardError))
            return;
        _warned = true;
        logger.ManyUsers(model.Name, (long)estimate, limit);
    }
}
