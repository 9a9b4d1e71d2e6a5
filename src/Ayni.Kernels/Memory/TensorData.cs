using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ayni.Kernels;

/// <summary>
/// The bytes of one tensor, to be read: a range of a <see cref="MappedFile"/> or of a <see cref="NativeBuffer"/>, longer than a span
/// where need be (expert stacks and embeddings exceed 2 GB). Keeps the memory reachable, but not open: once its file or buffer is disposed,
/// every use throws <see cref="ObjectDisposedException"/>. Data may start at any address. Safe for many threads.
/// </summary>
public readonly unsafe struct TensorData
{
    private readonly SafeHandle? _owner;
    private readonly byte* _pointer;

    internal TensorData(SafeHandle owner, byte* pointer, long bytes)
    {
        _owner = owner;
        _pointer = pointer;
        Bytes = bytes;
    }

    /// <summary>The whole of a buffer. The caller keeps the buffer and disposes it.</summary>
    public TensorData(NativeBuffer buffer)
        : this((buffer ?? throw new ArgumentNullException(nameof(buffer))).Owner, buffer.Pointer, buffer.Bytes)
    {
    }

    /// <summary>The length in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The first byte. Keep this value reachable while using it.</summary>
    internal byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_owner is { IsClosed: true }, typeof(TensorData));
            return _pointer;
        }
    }

    /// <summary>
    /// A copy of some bytes in native memory of its own, freed by the garbage collector once no value made from it is reachable.
    /// </summary>
    public static TensorData CopyOf(ReadOnlySpan<byte> bytes)
    {
        var buffer = new NativeBuffer(bytes.Length);
        bytes.CopyTo(buffer.Span<byte>(0, bytes.Length));
        return new TensorData(buffer);
    }

    /// <summary>A view of some of the bytes, valid until the file or buffer beneath is disposed or no longer reachable.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view would reach outside the tensor.</exception>
    /// <exception cref="ObjectDisposedException">The file or buffer beneath is disposed.</exception>
    public ReadOnlySpan<byte> Span(long offset, int count)
    {
        var start = Pointer;
        CheckRange(offset, count);
        return new ReadOnlySpan<byte>(start + offset, count);
    }

    /// <summary>A part, such as one expert or a range of rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part would reach outside the tensor.</exception>
    /// <exception cref="ObjectDisposedException">The file or buffer beneath is disposed.</exception>
    public TensorData Slice(long offset, long bytes)
    {
        var start = Pointer;
        CheckRange(offset, bytes);
        return new TensorData(_owner!, start + offset, bytes);
    }

    /// <summary>
    /// Says that the bytes are not needed for now: what came from a mapped file no longer counts as this process's memory, and is read from
    /// the file again when it is used again. Buffers keep what they hold.
    /// </summary>
    public void DropPages()
    {
        if (_owner is SafeMemoryMappedViewHandle { IsClosed: false })
            MemoryAdvice.DropFilePages(_pointer, Bytes);
    }

    private void CheckRange(long offset, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Bytes - offset);
    }
}
