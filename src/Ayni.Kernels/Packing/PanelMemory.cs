namespace Ayni.Kernels;

/// <summary>
/// Where the panels of a matrix lie: in memory of a context's arena, or in a file that was packed before and is mapped, not copied.
/// </summary>
internal sealed unsafe class PanelMemory : IDisposable
{
    private readonly PanelArena.Lease? _lease;

    /// <summary>Takes memory, zeroed.</summary>
    public PanelMemory(long bytes, PanelArena arena)
    {
        _lease = arena.Take(bytes);
        Data = _lease.Data;
    }

    /// <summary>Takes what was packed before. Whoever mapped it keeps it open.</summary>
    /// <exception cref="ShapeMismatchException">There are more or fewer bytes than the panels have.</exception>
    /// <exception cref="ArgumentException">The bytes do not start where vectors may be loaded from.</exception>
    public PanelMemory(TensorData packed, long bytes)
    {
        ShapeMismatchException.ThrowUnlessEqual(packed.Bytes, bytes, nameof(packed));
        if ((nuint)packed.Pointer % NativeBuffer.Alignment != 0)
            throw new ArgumentException($"Packed weights start at a multiple of {NativeBuffer.Alignment} bytes.", nameof(packed));
        Data = packed;
    }

    public TensorData Data { get; }

    public byte* Pointer => Data.Pointer;

    public long Bytes => Data.Bytes;

    public void Dispose() => _lease?.Dispose();
}
