using System.Runtime.InteropServices;

namespace Ayni.Kernels;

/// <summary>
/// Zeroed memory outside the garbage-collected heap, aligned to a cache line and a 512-bit register, of any length the machine can give.
/// Freed by <see cref="Dispose"/>, or by the finalizer if that is forgotten. Many threads may use it at once as they would an array;
/// spans taken from it must not be used after it is disposed.
/// </summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>Where a buffer starts: a multiple of this many bytes.</summary>
    public const int Alignment = 64;

    private readonly AlignedMemory _memory;

    /// <summary>Allocates zeroed memory.</summary>
    /// <param name="bytes">How much; may be 0.</param>
    /// <param name="account">Where the bytes are counted while they live, or null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative or more than this process can address.</exception>
    /// <exception cref="OutOfMemoryException">The machine has not that much.</exception>
    public NativeBuffer(long bytes, MemoryAccount? account = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, nint.MaxValue - MemoryAdvice.HugePageBytes);
        _memory = new AlignedMemory(bytes, account);
    }

    /// <summary>The length in bytes.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>The first byte. Keep the buffer reachable while using it.</summary>
    internal byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
            return (byte*)_memory.DangerousGetHandle();
        }
    }

    internal SafeHandle Owner => _memory;

    /// <summary>
    /// A view of <paramref name="count"/> values of type <typeparamref name="T"/>, starting at the value numbered
    /// <paramref name="elementOffset"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The view would reach outside the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public Span<T> Span<T>(long elementOffset, int count)
        where T : unmanaged
    {
        var start = Pointer;
        var elements = Bytes / sizeof(T);
        ArgumentOutOfRangeException.ThrowIfNegative(elementOffset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementOffset, elements);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, elements - elementOffset);
        return new Span<T>(start + elementOffset * sizeof(T), count);
    }

    /// <summary>Frees the memory. Spans taken before are no longer valid.</summary>
    public void Dispose() => _memory.Dispose();

    private sealed class AlignedMemory : SafeHandle
    {
        private readonly MemoryAccount? _account;
        private readonly void* _allocation;

        public AlignedMemory(long bytes, MemoryAccount? account)
            : base(0, ownsHandle: true)
        {
            Bytes = bytes;
            var huge = OperatingSystem.IsLinux() && bytes >= 2 * MemoryAdvice.HugePageBytes;
            var alignment = (nuint)(huge ? MemoryAdvice.HugePageBytes : Alignment);
            // The system hands out large memory zeroed and untouched: a cache takes only the pages it has come to use.
            _allocation = NativeMemory.AllocZeroed((nuint)bytes + alignment);
            var pointer = (void*)(((nuint)_allocation + alignment - 1) & ~(alignment - 1));
            SetHandle((nint)pointer);
            _account = account;
            _account?.Add(bytes);
            if (huge)
                MemoryAdvice.UseHugePages(pointer, bytes);
        }

        public long Bytes { get; }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free(_allocation);
            _account?.Remove(Bytes);
            return true;
        }
    }
}
