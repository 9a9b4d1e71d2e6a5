namespace Ayni.Kernels;

/// <summary>
/// Memory for the panels of many matrices, one after another in slabs: so nearly all of it lies in huge pages, where a matrix with memory
/// of its own has up to one such page's worth of small ones at its end, whose addresses are translated anew at every pass over the weights.
/// A slab is freed when no matrix uses it any more and none can come to. Safe for many threads.
/// </summary>
internal sealed unsafe class PanelArena : IDisposable
{
    /// <summary>What a slab has at least. Pages that no matrix has come to use take no memory.</summary>
    private const long SlabBytes = 64L << 20;

    private readonly Lock _lock = new();
    private Slab? _current;
    private long _used;

    /// <summary>Takes zeroed memory that starts where vectors may be loaded from.</summary>
    public Lease Take(long bytes)
    {
        lock (_lock)
        {
            if (_current is null || bytes > _current.Buffer.Bytes - _used)
            {
                _current?.Release();
                _current = new Slab(Math.Max(SlabBytes, bytes));
                _used = 0;
            }
            var data = new TensorData(_current.Buffer.Owner, _current.Buffer.Pointer + _used, bytes);
            _used = Math.Min(_current.Buffer.Bytes, (_used + bytes + NativeBuffer.Alignment - 1) / NativeBuffer.Alignment * NativeBuffer.Alignment);
            _current.Users++;
            return new Lease(this, _current, data);
        }
    }

    /// <summary>Takes back what no matrix uses; the rest goes with the last that does.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _current?.Release();
            _current = null;
        }
    }

    /// <summary>Memory in use until it is disposed.</summary>
    public sealed class Lease : IDisposable
    {
        private readonly PanelArena _arena;
        private Slab? _slab;

        public Lease(PanelArena arena, object slab, TensorData data)
        {
            _arena = arena;
            _slab = (Slab)slab;
            Data = data;
        }

        public TensorData Data { get; }

        public void Dispose()
        {
            lock (_arena._lock)
            {
                _slab?.Release();
                _slab = null;
            }
        }
    }

    /// <summary>Used by the arena, as long as it hands out what is left, and by every lease.</summary>
    private sealed class Slab(long bytes)
    {
        public NativeBuffer Buffer { get; } = new(bytes);

        public int Users { get; set; } = 1;

        public void Release()
        {
            if (--Users == 0)
                Buffer.Dispose();
        }
    }
}
