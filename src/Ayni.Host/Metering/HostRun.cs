using System.Collections.Concurrent;
using System.Net;
using Ayni.Ledger;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>
/// This run of the host, as the ledger knows it: what requests under way reserved holds as long as its lease, which is renewed until the
/// host stops. With each renewal it tells how old its oldest request under way is, since no month is closed before its requests are done.
/// </summary>
internal sealed class HostRun(Books books, TimeProvider clock, ILogger<HostRun> logger) : IAsyncDisposable
{
    private static readonly TimeSpan RenewalInterval = HostLease.Term / 3;

    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _underWay = new(StringComparer.Ordinal);
    private HostLease? _lease;
    private Task _renewing = Task.CompletedTask;

    /// <summary>The lease, from <see cref="BeginAsync"/> on.</summary>
    public HostLease Lease => _lease ?? throw new InvalidOperationException("The host has not begun.");

    /// <summary>
    /// Begins the run, and lets go of what the run before it left. The machine and the address it listens on name the host: no two can
    /// have both at once.
    /// </summary>
    public async Task BeginAsync(Uri address, CancellationToken cancellationToken)
    {
        _lease = await books.BeginHostAsync($"{Dns.GetHostName()} {address.Authority}", cancellationToken).ConfigureAwait(false);
        _renewing = RenewAsync(_lease);
    }

    /// <summary>Notes a request before it is let in, until what is given is disposed: when it is posted or void.</summary>
    public IDisposable Enter(string requestId)
    {
        _underWay[requestId] = clock.GetUtcNow();
        return new UnderWay(_underWay, requestId);
    }

    /// <summary>Ends the lease, once no request is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        _ended.Dispose();
        if (_lease is null)
            return;
        try
        {
            await books.EndHostAsync(_lease).ConfigureAwait(false);
        }
        catch (LedgerException error)
        {
            logger.RenewalFailed(error);
        }
    }

    private async Task RenewAsync(HostLease lease)
    {
        while (true)
        {
            try
            {
                await Task.Delay(RenewalInterval, clock, _ended.Token).ConfigureAwait(false);
                DateTimeOffset? oldest = _underWay.IsEmpty ? null : _underWay.Min(request => (DateTimeOffset?)request.Value);
                await books.RenewHostAsync(lease, oldest, _ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (LedgerException error)
            {
                logger.RenewalFailed(error);
            }
        }
    }

    private sealed class UnderWay(ConcurrentDictionary<string, DateTimeOffset> requests, string requestId) : IDisposable
    {
        public void Dispose() => requests.TryRemove(requestId, out _);
    }
}
