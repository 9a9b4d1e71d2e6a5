using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What a single-token kernel is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SingleTokenArguments
{
    /// <summary>The first of consecutive panels.</summary>
    public byte* Panels;

    /// <summary>The token's activations.</summary>
    public byte* Activations;

    /// <summary>Receives the products, <c>[panels, 16]</c> floats.</summary>
    public float* Products;

    /// <summary>Blocks of the panel in a row, at least one.</summary>
    public long BlockCount;

    /// <summary>Panels, at least one.</summary>
    public long PanelCount;

    /// <summary>Bytes of a panel.</summary>
    public long PanelStride;
}

/// <summary>
/// Multiplies whole panels with one token while unpacking them, so that weights come from memory once and go nowhere but into the product;
/// and asks for what lies ahead, across pages, where the processor's own prefetching stops. The same integers in the same order of blocks
/// as <see cref="UnpackKernel"/> and <see cref="IntegerProductKernel"/> together, so the same bits.
/// </summary>
internal sealed class SingleTokenKernel : IUnpackedBlocks
{
    private static readonly Register Panel = Register.RSI;
    private static readonly Register Token = Register.RDX;
    private static readonly Register TokenStart = Register.R8;
    private static readonly Register Products = Register.RDI;
    private static readonly Register BlockCount = Register.RBX;
    private static readonly Register Count = Register.RCX;
    private static readonly Register PanelCount = Register.R9;

    // About the time a line takes to come; half of the smallest first-level cache.
    private const int PrefetchBytes = 16384;

    private readonly KernelAssembler _code;
    private readonly BlockShape _shape;
    private readonly PanelLayout _layout;
    private readonly bool _isSplit;
    private readonly PanelUnpacker _unpacker;
    private int _stepCount;
    private int _prefetchCount;

    private SingleTokenKernel(PanelLayout layout, KernelTarget target, bool forWindows)
    {
        _code = new KernelAssembler(target, forWindows);
        _layout = layout;
        _shape = layout.Shape;
        _isSplit = _shape.IsSplitOn(target);
        _unpacker = new PanelUnpacker(_code, _shape, Panel, target.VectorCount - OwnVectorCount, this);
    }

    private KernelTarget Target => _code.Target;

    private int StepsPerSum => BlockShape.StepCount / _shape.SubBlockCount;

    // One for activations, one for a product, the integer sums of two halves or sub-blocks or only one, and the float sums.
    private int OwnVectorCount => 2 + (_isSplit || _shape.HasSubScales ? 2 : 1) + Target.VectorsPerPanel;

    private Vector Activation => Own(0);

    private Vector Product => Own(1);

    private Vector Total => TotalOf(_unpacker.Group);

    /// <summary>Emits the kernel of a format.</summary>
    public static byte[] Emit(PanelLayout layout, KernelTarget target, bool forWindows)
    {
        var kernel = new SingleTokenKernel(layout, target, forWindows);
        kernel.EmitPanels();
        return kernel._code.Finish();
    }

    public void PutWeights(int block, int step, Vector weights, Vector? lowHalf)
    {
        EmitPrefetch();
        var sub = step / StepsPerSum;
        var isFirst = step % StepsPerSum == 0;
        if (isFirst)
            EmitStart(block, sub);
        _code.Broadcast(Activation, Record(block, step * 4));
        Accumulate(Sum(sub), weights, isFirst && _shape.OffsetShift < 0);
        // Of values in two halves only the upper ones carry the offset.
        if (lowHalf is { } low)
            Accumulate(Sum(1), low, isFirst);
    }

    public void PutSubScale(int block, int sub, Vector scale)
    {
        if (Target.HasDotProduct)
            _code.MultiplyIntegers(Sum(sub), Sum(sub), scale);
        else
            _code.MultiplyAddWords(Sum(sub), Sum(sub), scale);
        if (sub == 1)
            _code.AddIntegers(Sum(0), Sum(0), Sum(1));
    }

    public void PutScale(int block, Vector scale)
    {
        if (!_shape.HasSubScales && !Target.HasDotProduct)
        {
            _code.MultiplyAddWords(Sum(0), Sum(0), _code.Constant([(byte)(_isSplit ? 16 : 1), 0]));
            if (_isSplit)
            {
                _code.MultiplyAddWords(Sum(1), Sum(1), _code.Constant([1, 0]));
                _code.AddIntegers(Sum(0), Sum(0), Sum(1));
            }
        }
        _code.ToSingle(Sum(0), Sum(0));
        _code.Multiply(Sum(0), Sum(0), scale);
        _code.Broadcast(Activation, Record(block, Activations.ScaleOffset));
        _code.MultiplyAdd(Total, Sum(0), Activation);
    }

    public void PutMinimum(int block, int index, Vector minimum)
    {
        var offset = Activations.SumOffset + (_shape.MinimumCount == 1 ? 0 : (1 + index) * sizeof(float));
        _code.Broadcast(Activation, Record(block, offset));
        _code.MultiplyAdd(Total, Activation, minimum);
    }

    private void EmitPanels()
    {
        Register[] fields = [Panel, TokenStart, Products, BlockCount, PanelCount];
        for (var i = 0; i < fields.Length; i++)
            _code.Load(fields[i], new Memory(KernelAssembler.Arguments, i * sizeof(long)));
        _unpacker.Begin();
        var (nextPanel, nextBlock) = (_code.CreateLabel(), _code.CreateLabel());
        _code.Place(nextPanel);
        _code.Copy(Token, TokenStart);
        _code.Copy(Count, BlockCount);
        for (var group = 0; group < Target.VectorsPerPanel; group++)
            _code.Clear(TotalOf(group));
        _code.Place(nextBlock);
        var blockBytes = _layout.BlockBytes * Lanes.Count;
        for (_unpacker.Group = 0; _unpacker.Group < Target.VectorsPerPanel; _unpacker.Group++)
            _layout.Unpack(_unpacker);
        _code.AddTo(Panel, blockBytes);
        _code.AddTo(Token, _layout.BlockColumns / BlockShape.Columns * Activations.RecordBytes);
        _code.CountDown(Count, nextBlock);
        for (var group = 0; group < Target.VectorsPerPanel; group++)
            _code.Store(new Memory(Products, group * Target.VectorBytes), TotalOf(group));
        _code.AddTo(Products, BlockShape.VectorBytes);
        _code.CountDown(PanelCount, nextPanel);
    }

    /// <summary>Every step asks for its share of the lines, since many at once would wait for each other.</summary>
    private void EmitPrefetch()
    {
        var lines = _layout.BlockBytes * Lanes.Count / 64.0;
        var steps = _layout.BlockColumns / 4 * Target.VectorsPerPanel;
        for (_stepCount++; _prefetchCount < lines * _stepCount / steps; _prefetchCount++)
            _code.Prefetch(new Memory(Panel, PrefetchBytes + _prefetchCount * 64));
    }

    /// <summary>Where a sum begins: at minus the offset times the activations' sum.</summary>
    private void EmitStart(int block, int sub)
    {
        if (_shape.OffsetShift >= 0)
        {
            _code.Broadcast(Sum(sub), Record(block, Activations.StartOffset + (_shape.HasSubScales ? (1 + sub) * sizeof(int) : 0)));
        }
        else if (Target.HasDotProduct)
        {
            _code.Clear(Sum(sub));
        }
    }

    private void Accumulate(Vector sum, Vector weights, bool isFirst)
    {
        if (Target.HasDotProduct)
        {
            _code.DotBytes(sum, weights, Activation);
        }
        else if (isFirst)
        {
            _code.MultiplyAddBytes(sum, weights, Activation);
        }
        else
        {
            _code.MultiplyAddBytes(Product, weights, Activation);
            _code.AddWords(sum, sum, Product);
        }
    }

    /// <summary>The sum of a sub-block, or of values' upper (0) or lower (1) halves.</summary>
    private Vector Sum(int index) => Own(2 + index);

    private Vector TotalOf(int group) => new(Target.VectorCount - OwnVectorCount + group);

    private Vector Own(int index) => new(Target.VectorCount - 1 - index);

    private static Memory Record(int block, int offset) => new(Token, block * Activations.RecordBytes + offset);
}
