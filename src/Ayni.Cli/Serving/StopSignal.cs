using System.Runtime.InteropServices;

namespace Ayni.Cli;

/// <summary>
/// The wish to end, by Ctrl-C or SIGTERM. The first is taken as a wish; a second ends the process at once, as if nobody listened.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignal() =>
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(
            signal => PosixSignalRegistration.Create(signal, Take))];

    /// <summary>Ends at the first signal.</summary>
    public Task Asked => _asked.Task;

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private void Take(PosixSignalContext context) => context.Cancel = _asked.TrySetResult();
}
