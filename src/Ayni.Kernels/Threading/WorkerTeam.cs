using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Ayni.Kernels;

/// <summary>Work that a team divides: numbered chunks, each carried out once, by whichever worker is free.</summary>
public interface IChunkedWork
{
    /// <summary>Carries out one chunk. Called on several threads at once, with different chunks.</summary>
    void Execute(int chunk);
}

/// <summary>
/// A persistent team of threads that divide one operator's work at a time. The thread that calls <see cref="Run"/> is worker 0 and works
/// too; the others spin briefly for the next operator and then sleep, so that an idle team costs nothing. One caller at a time.
/// </summary>
/// <remarks>
/// Chunks are handed out dynamically, and a worker that has not woken up by the time the last chunk is taken is not waited for, so a core
/// that the system has taken away does not stall the step. Nothing is allocated per operator.
/// </remarks>
public sealed unsafe class WorkerTeam : IDisposable
{
    // About 50 µs: longer than the gap between two operators, short enough not to starve the other threads of a small machine.
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000;

    private const long Open = 1L << 16;
    private const long ActiveMask = Open - 1;
    private const int EpochShift = 32;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);

    // Bits 0–15: helpers inside the current work; bit 16: whether more may enter; bits 32–63: the number of the work.
    private long _state;
    private int _sleepers;
    private int _nextChunk;
    private int _chunkCount;
    private void* _work;
    private delegate*<void*, int, void> _execute;
    private Exception? _error;
    private volatile bool _disposed;

    /// <summary>Starts a team.</summary>
    /// <param name="workerCount">Threads that compute, the caller's included; 0 takes one a core.</param>
    public WorkerTeam(int workerCount = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workerCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(workerCount, 1024);
        WorkerCount = workerCount == 0 ? Environment.ProcessorCount : workerCount;
        _threads = new Thread[WorkerCount - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Help) { IsBackground = true, Name = $"Ayni worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that compute, the caller's included.</summary>
    public int WorkerCount { get; }

    /// <summary>
    /// Carries out chunks 0 to <paramref name="chunkCount"/> − 1 and returns when all are done. An exception in a chunk abandons the chunks
    /// not yet begun and is thrown here.
    /// </summary>
    public void Run<TWork>(ref TWork work, int chunkCount) where TWork : struct, IChunkedWork, allows ref struct
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (chunkCount <= 1 || _threads.Length == 0)
        {
            for (var chunk = 0; chunk < chunkCount; chunk++)
                work.Execute(chunk);
            return;
        }

        // The work may be a ref struct on this thread's stack: it stays there until every helper has left.
        _work = Unsafe.AsPointer(ref work);
        _execute = &Execute<TWork>;
        _chunkCount = chunkCount;
        _nextChunk = 0;
        var epoch = (_state >> EpochShift) + 1;
        Interlocked.Exchange(ref _state, (epoch << EpochShift) | Open);
        var woken = ClaimSleepers(chunkCount - 1);
        if (woken > 0)
            _wake.Release(woken);

        TakeChunks();

        Interlocked.And(ref _state, ~Open);
        var spin = new SpinWait();
        while ((Volatile.Read(ref _state) & ActiveMask) != 0)
            spin.SpinOnce(sleep1Threshold: -1);
        if (_error is { } error)
        {
            _error = null;
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Ends the threads. Not to be called while work runs.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_threads.Length > 0)
            _wake.Release(_threads.Length);
        foreach (var thread in _threads)
            thread.Join();
        _wake.Dispose();
    }

    private static void Execute<TWork>(void* work, int chunk) where TWork : struct, IChunkedWork, allows ref struct =>
        Unsafe.AsRef<TWork>(work).Execute(chunk);

    private void TakeChunks()
    {
        int chunk;
        while ((chunk = Interlocked.Increment(ref _nextChunk) - 1) < _chunkCount)
        {
            try
            {
                _execute(_work, chunk);
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref _error, error, null);
                Volatile.Write(ref _nextChunk, _chunkCount);
            }
        }
    }

    private void Help()
    {
        var lastEpoch = 0L;
        while (!_disposed)
        {
            var spinEnd = Stopwatch.GetTimestamp() + SpinTicks;
            do
            {
                if (TryEnter(ref lastEpoch))
                {
                    TakeChunks();
                    Interlocked.Decrement(ref _state);
                    spinEnd = Stopwatch.GetTimestamp() + SpinTicks;
                }
                Thread.SpinWait(8);
            }
            while (Stopwatch.GetTimestamp() < spinEnd);

            // Announce the sleep, then look once more: the caller publishes work first and claims sleepers second. Whoever was claimed
            // has a permit waiting and must take it.
            Interlocked.Increment(ref _sleepers);
            var mayStay = IsNewWork(Volatile.Read(ref _state), lastEpoch) || _disposed;
            if (!mayStay || ClaimSleepers(1) == 0)
                _wake.Wait();
        }
    }

    /// <summary>Takes up to so many helpers off the count of sleepers and returns how many: each sleeper is woken once.</summary>
    private int ClaimSleepers(int most)
    {
        while (true)
        {
            var sleepers = Volatile.Read(ref _sleepers);
            var claimed = Math.Min(sleepers, most);
            if (claimed == 0 || Interlocked.CompareExchange(ref _sleepers, sleepers - claimed, sleepers) == sleepers)
                return claimed;
        }
    }

    private bool TryEnter(ref long lastEpoch)
    {
        var state = Volatile.Read(ref _state);
        if (!IsNewWork(state, lastEpoch) || Interlocked.CompareExchange(ref _state, state + 1, state) != state)
            return false;
        lastEpoch = state >> EpochShift;
        return true;
    }

    private static bool IsNewWork(long state, long lastEpoch) => (state & Open) != 0 && state >> EpochShift != lastEpoch;
}
