namespace Ayni.Ledger;

/// <summary>One process after another does something to files: whose turn it is has a file open that nobody else may have.</summary>
internal static class FileTurn
{
    private const int Attempts = 200, PauseMs = 50;

    /// <summary>
    /// Waits until no other process has the turn, for ten seconds at most; then throws <see cref="IOException"/>. Dispose it when done.
    /// </summary>
    public static FileStream Take(string path, FileOptions options = FileOptions.None, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, options);
            }
            catch (IOException) when (attempt < Attempts)
            {
                cancellationToken.WaitHandle.WaitOne(PauseMs);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
