using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What an unpacking kernel is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UnpackArguments
{
    /// <summary>The first block of a panel.</summary>
    public byte* Panel;

    /// <summary>Receives the unpacked blocks.</summary>
    public byte* Unpacked;

    /// <summary>Blocks of the format, at least one.</summary>
    public long BlockCount;
}

/// <summary>
/// Unpacks consecutive blocks of a panel into the first-level cache, where product kernels read them once for every tile of tokens, and
/// asks for the blocks that come next.
/// </summary>
internal sealed class UnpackKernel : IUnpackedBlocks
{
    private static readonly Register Panel = Register.RSI;
    private static readonly Register Unpacked = Register.RDI;
    private static readonly Register Count = Register.RCX;

    private readonly KernelAssembler _code;
    private readonly BlockShape _shape;
    private readonly PanelUnpacker _unpacker;

    private UnpackKernel(PanelLayout layout, KernelAssembler code)
    {
        _code = code;
        _shape = layout.Shape;
        _unpacker = new PanelUnpacker(_code, _shape, [Panel], code.Target.VectorCount, isTogether: true, this);
    }

    private KernelTarget Target => _code.Target;

    /// <summary>Emits the kernel.</summary>
    /// <param name="layout">The format.</param>
    /// <param name="stripBlocks">Blocks that are unpacked at a time: the next are as far.</param>
    /// <param name="code">Receives the kernel.</param>
    public static void Emit(PanelLayout layout, int stripBlocks, KernelAssembler code) =>
        new UnpackKernel(layout, code).EmitBlocks(layout, stripBlocks);

    public void PutWeights(int block, int step, ReadOnlySpan<Vector> weights, Vector? lowHalf)
    {
        var place = At(block, _shape.WeightOffset(Target, step, _unpacker.Group));
        _code.Store(place, weights[0]);
        if (lowHalf is { } low)
            _code.Store(place + Target.VectorBytes, low);
    }

    public void PutSubScale(int block, int sub, ReadOnlySpan<Vector> scales) => Put(block, _shape.SubScaleOffset(Target, sub), scales[0]);

    public void PutScale(int block, ReadOnlySpan<Vector> scales) => Put(block, _shape.ScaleOffset(Target), scales[0]);

    public void PutMinimum(int block, int index, ReadOnlySpan<Vector> minima) =>
        Put(block, _shape.MinimumOffset(Target, index), minima[0]);

    private void EmitBlocks(PanelLayout layout, int stripBlocks)
    {
        _code.Load(Panel, new Memory(KernelAssembler.Arguments));
        _code.Load(Unpacked, new Memory(KernelAssembler.Arguments, 8));
        _code.Load(Count, new Memory(KernelAssembler.Arguments, 16));
        _unpacker.Begin();
        var next = _code.CreateLabel();
        _code.Place(next);
        var blockBytes = layout.BlockBytes * Lanes.Count;
        for (var line = 0; line < blockBytes; line += 64)
            _code.Prefetch(new Memory(Panel, stripBlocks * blockBytes + line));
        for (var group = 0; group < Target.VectorsPerPanel; group++)
            _unpacker.Unpack(layout, group);
        _code.AddTo(Panel, blockBytes);
        _code.AddTo(Unpacked, layout.BlockColumns / BlockShape.Columns * _shape.UnpackedBytes(Target));
        _code.CountDown(Count, next);
    }

    private void Put(int block, int offset, Vector vector) =>
        _code.Store(At(block, offset + _unpacker.Group * Target.VectorBytes), vector);

    private Memory At(int block, int offset) => new(Unpacked, block * _shape.UnpackedBytes(Target) + offset);
}
