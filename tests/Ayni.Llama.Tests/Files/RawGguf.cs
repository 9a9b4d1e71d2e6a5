using System.Buffers.Binary;
using System.Text;
using Ayni.Kernels;

namespace Ayni.Llama.Tests;

/// <summary>Composes the bytes of a GGUF file, lies included, and remembers where the fault is that a reader should name.</summary>
internal sealed class RawGguf
{
    private readonly List<byte> _bytes = [];

    /// <summary>Starts with a header; the default promises neither tensor nor pair.</summary>
    public RawGguf(uint version = 3, ulong tensors = 0, ulong pairs = 0)
    {
        Bytes("GGUF"u8).UInt32(version).UInt64(tensors).UInt64(pairs);
    }

    /// <summary>Where the fault is.</summary>
    public long FaultOffset { get; private set; }

    public byte[] ToArray() => [.. _bytes];

    /// <summary>The fault is what comes next.</summary>
    public RawGguf Fault() => FaultAt(_bytes.Count);

    public RawGguf FaultAt(long offset)
    {
        FaultOffset = offset;
        return this;
    }

    public RawGguf Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public RawGguf UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    public RawGguf UInt64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    public RawGguf Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public RawGguf Text(byte[] utf8) => UInt64((ulong)utf8.Length).Bytes(utf8);

    public RawGguf Pair(string key, uint type) => Text(key).UInt32(type);

    /// <summary>Name, dimension count and dimensions of a tensor's description; type and offset follow.</summary>
    public RawGguf Shape(string name, params ulong[] dimensions)
    {
        Text(name).UInt32((uint)dimensions.Length);
        foreach (var dimension in dimensions)
            UInt64(dimension);
        return this;
    }

    public RawGguf Tensor(string name, TensorType type, ulong offset, params ulong[] dimensions) =>
        Shape(name, dimensions).UInt32((uint)type).UInt64(offset);

    public RawGguf Pad(int alignment = 32)
    {
        while (_bytes.Count % alignment != 0)
            _bytes.Add(0);
        return this;
    }
}
