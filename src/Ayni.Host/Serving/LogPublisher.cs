using Ayni.Ledger;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>
/// Signs receipts that are not signed yet, and publishes what is new in the ledger's log, until it is disposed, which the host's services
/// are before its ledger is closed.
/// </summary>
internal sealed class LogPublisher(Books books, HostMetrics metrics, ILogger<LogPublisher> logger) : IAsyncDisposable
{
    /// <summary>How soon after a receipt's batch the log holds it.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _end = new();
    private readonly HashSet<string> _problems = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;

    public void Start() => _running = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            var problems = new List<string>();
            // While a signer fails the log goes on, and the other way round.
            await TryAsync(books.SignReceiptsAsync, problems).ConfigureAwait(false);
            await TryAsync(books.PublishLogAsync, problems).ConfigureAwait(false);
            await TryAsync(token => Task.Run(() => metrics.NoteOldestUnsigned(books.OldestUnsigned()), token), problems).ConfigureAwait(false);
            // Said once, not every two seconds.
            foreach (var problem in problems.Where(problem => !_problems.Contains(problem)))
                logger.LogNotPublished(problem);
            _problems.Clear();
            _problems.UnionWith(problems);
            await Task.Delay(Pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> act, List<string> problems)
    {
        try
        {
            await act(_end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
        catch (Exception error) when (error is LedgerException or IOException or UnauthorizedAccessException)
        {
            problems.Add(error.Message);
        }
    }
}
