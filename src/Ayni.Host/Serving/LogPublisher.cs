using Ayni.Ledger;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>Publishes what is new in the ledger's log until it is disposed, which the host's services are before its ledger is closed.</summary>
internal sealed class LogPublisher(Books books, ILogger<LogPublisher> logger) : IAsyncDisposable
{
    /// <summary>How soon after a receipt's batch the log holds it.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _end = new();
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
        string? lastProblem = null;
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await books.PublishLogAsync(_end.Token).ConfigureAwait(false);
                lastProblem = null;
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is LedgerException or IOException or UnauthorizedAccessException)
            {
                // Said once, not every two seconds.
                if (error.Message != lastProblem)
                    logger.LogNotPublished(error.Message);
                lastProblem = error.Message;
            }
            await Task.Delay(Pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
