using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>Cache blocks for some of a model's layers: their memory, and which of them are free.</summary>
internal sealed class BlockPool : IDisposable
{
    private readonly NativeBuffer[] _keys;
    private readonly NativeBuffer[] _values;
    private readonly Stack<int> _free;
    private readonly int _length;

    /// <summary>Reserves the memory.</summary>
    /// <param name="layers">Layers that share the blocks' numbers.</param>
    /// <param name="blockCount">Blocks.</param>
    /// <param name="blockLength">Floats of one layer's keys in a block.</param>
    public BlockPool(int layers, int blockCount, int blockLength)
    {
        if ((long)blockCount * blockLength > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(blockCount), blockCount, $"A layer's cache may have {int.MaxValue / blockLength} blocks; ask for a shorter context or less cache.");
        }
        _length = blockCount * blockLength;
        _keys = [.. Enumerable.Range(0, layers).Select(_ => new NativeBuffer((long)_length * sizeof(float)))];
        _values = [.. Enumerable.Range(0, layers).Select(_ => new NativeBuffer((long)_length * sizeof(float)))];
        _free = new Stack<int>(Enumerable.Range(0, blockCount).Reverse());
        BlockCount = blockCount;
    }

    public int BlockCount { get; }

    public int FreeCount => _free.Count;

    public Span<float> Keys(int layer) => _keys[layer].Span<float>(0, _length);

    public Span<float> Values(int layer) => _values[layer].Span<float>(0, _length);

    public void Take(List<int> blocks, int count)
    {
        for (var i = 0; i < count; i++)
            blocks.Add(_free.Pop());
    }

    public void GiveBack(List<int> blocks)
    {
        foreach (var block in blocks)
            _free.Push(block);
    }

    public void Dispose()
    {
        foreach (var buffer in (NativeBuffer[])[.. _keys, .. _values])
            buffer.Dispose();
    }
}
