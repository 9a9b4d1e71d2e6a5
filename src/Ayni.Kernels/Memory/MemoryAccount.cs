namespace Ayni.Kernels;

/// <summary>
/// Counts the native memory of the buffers opened on it, so that a test or a report can tell what is still alive. Safe for many threads.
/// </summary>
public sealed class MemoryAccount
{
    private long _liveBytes;
    private long _liveBuffers;

    /// <summary>Bytes asked for by buffers that are not yet freed.</summary>
    public long LiveBytes => Interlocked.Read(ref _liveBytes);

    /// <summary>Buffers that are not yet freed.</summary>
    public long LiveBuffers => Interlocked.Read(ref _liveBuffers);

    internal void Add(long bytes)
    {
        Interlocked.Add(ref _liveBytes, bytes);
        Interlocked.Increment(ref _liveBuffers);
    }

    internal void Remove(long bytes)
    {
        Interlocked.Add(ref _liveBytes, -bytes);
        Interlocked.Decrement(ref _liveBuffers);
    }
}
