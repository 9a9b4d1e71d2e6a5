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

    /// <summary>The first of as many panels that are multiplied beside those, where a kernel goes through two streams at a time.</summary>
    public byte* SecondPanels;

    /// <summary>Receives their products.</summary>
    public float* SecondProducts;
}

/// <summary>
/// Multiplies whole panels with one token while unpacking them, so that weights come from memory once and go nowhere but into the product;
/// and asks for what lies ahead, across pages, where the processor's own prefetching stops. The same integers in the same order of blocks
/// as <see cref="UnpackKernel"/> and <see cref="IntegerProductKernel"/> together, so the same bits.
/// </summary>
/// <remarks>
/// What a core loads bounds it, two vectors of 512 bits a cycle. So two streams of panels share each of the token's activations, and every
/// stored vector is loaded once for all blocks that have values in it, where there are registers for so many sums.
/// </remarks>
internal sealed class SingleTokenKernel : IUnpackedBlocks
{
    private static readonly Register[] Panels = [Register.RSI, Register.R10];
    private static readonly Register Token = Register.RDX;
    private static readonly Register TokenStart = Register.R8;
    private static readonly Register[] Products = [Register.RDI, Register.R11];
    private static readonly Register BlockCount = Register.RBX;
    private static readonly Register Count = Register.RCX;
    private static readonly Register PanelCount = Register.R9;

    // Of all streams: about the time a line takes to come; half of the smallest first-level cache.
    private const int PrefetchBytes = 16384;

    private readonly KernelAssembler _code;
    private readonly BlockShape _shape;
    private readonly PanelLayout _layout;
    private readonly bool _isSplit;
    private readonly PanelUnpacker _unpacker;
    private readonly int[] _stepCounts = new int[Panels.Length];
    private readonly int[] _prefetchCounts = new int[Panels.Length];

    private SingleTokenKernel(PanelLayout layout, KernelAssembler code)
    {
        _code = code;
        _layout = layout;
        _shape = layout.Shape;
        _isSplit = _shape.IsSplitOn(Target);
        _unpacker = new PanelUnpacker(_code, _shape, Panels, Target.VectorCount - OwnVectorCount, HasManyVectors, this);
    }

    private KernelTarget Target => _code.Target;

    /// <summary>Vectors of rows with sums of their own: a panel's parts, one after the other, or two panels at once.</summary>
    private int GroupCount => GroupsOf(Target);

    private int StepsPerSum => BlockShape.StepCount / _shape.SubBlockCount;

    private int StreamCount => StreamsAtATime(Target);

    private bool HasManyVectors => Target.VectorCount > 16;

    private int BlocksTogether => HasManyVectors ? _layout.BlocksTogether : 1;

    // Of two halves or sub-blocks, or only one.
    private int SumsPerBlock => _isSplit || _shape.HasSubScales ? 2 : 1;

    // One for activations, one for a product, the integer sums of all that is unpacked together, and the float sums.
    private int OwnVectorCount => 2 + StreamCount * BlocksTogether * SumsPerBlock + GroupCount;

    private Vector Activation => Own(0);

    private Vector Product => Own(1);

    private Vector Total => TotalOf(_unpacker.Group);

    /// <summary>Emits the kernel of a format.</summary>
    public static void Emit(PanelLayout layout, KernelAssembler code) => new SingleTokenKernel(layout, code).EmitPanels();

    /// <summary>Streams of panels that the kernel of a target goes through at a time.</summary>
    public static int StreamsAtATime(KernelTarget target) => GroupsOf(target) / target.VectorsPerPanel;

    public void PutWeights(int block, int step, Vector weights, Vector? lowHalf)
    {
        EmitPrefetch();
        var sub = step / StepsPerSum;
        var isFirst = step % StepsPerSum == 0;
        if (isFirst)
            EmitStart(block, sub);
        EmitBroadcast(block, step * 4);
        Accumulate(Sum(block, sub), weights, isFirst && !_shape.HasStartOn(Target));
        // Of values in two halves only the upper ones carry the offset.
        if (lowHalf is { } low)
            Accumulate(Sum(block, 1), low, isFirst);
    }

    public void PutSubScale(int block, int sub, Vector scale)
    {
        var sum = Sum(block, sub);
        if (Target.HasDotProduct)
            _code.MultiplyIntegers(sum, sum, scale);
        else
            _code.MultiplyAddWords(sum, sum, scale);
        if (sub == 1)
            _code.AddIntegers(Sum(block, 0), Sum(block, 0), sum);
    }

    public void PutScale(int block, Vector scale)
    {
        var sum = Sum(block, 0);
        if (!_shape.HasSubScales && !Target.HasDotProduct)
        {
            _code.MultiplyAddWords(sum, sum, _code.Constant([(byte)(_isSplit ? 16 : 1), 0]));
            if (_isSplit)
            {
                _code.MultiplyAddWords(Sum(block, 1), Sum(block, 1), _code.Constant([1, 0]));
                _code.AddIntegers(sum, sum, Sum(block, 1));
            }
        }
        _code.ToSingle(sum, sum);
        _code.Multiply(sum, sum, scale);
        EmitBroadcast(block, Activations.ScaleOffset);
        _code.MultiplyAdd(Total, sum, Activation);
    }

    public void PutMinimum(int block, int index, Vector minimum)
    {
        var offset = Activations.SumOffset + (_shape.MinimumCount == 1 ? 0 : (1 + index) * sizeof(float));
        EmitBroadcast(block, offset);
        _code.MultiplyAdd(Total, Activation, minimum);
    }

    private void EmitPanels()
    {
        Load(Panels[0], 0);
        Load(TokenStart, 1);
        Load(Products[0], 2);
        Load(BlockCount, 3);
        Load(PanelCount, 4);
        if (StreamCount > 1)
        {
            Load(Panels[1], 6);
            Load(Products[1], 7);
        }
        _unpacker.Begin();
        var (nextPanel, nextBlock) = (_code.CreateLabel(), _code.CreateLabel());
        _code.Place(nextPanel);
        _code.Copy(Token, TokenStart);
        _code.Copy(Count, BlockCount);
        for (var group = 0; group < GroupCount; group++)
            _code.Clear(TotalOf(group));
        _code.Place(nextBlock);
        if (StreamCount > 1)
        {
            _unpacker.Unpack(_layout, 0, 1);
        }
        else
        {
            for (var group = 0; group < GroupCount; group++)
                _unpacker.Unpack(_layout, group);
        }
        for (var stream = 0; stream < StreamCount; stream++)
            _code.AddTo(Panels[stream], _layout.BlockBytes * Lanes.Count);
        _code.AddTo(Token, _layout.BlockColumns / BlockShape.Columns * Activations.RecordBytes);
        _code.CountDown(Count, nextBlock);
        for (var group = 0; group < GroupCount; group++)
        {
            var (panel, part) = Math.DivRem(group, Target.VectorsPerPanel);
            _code.Store(new Memory(Products[panel], part * Target.VectorBytes), TotalOf(group));
        }
        for (var stream = 0; stream < StreamCount; stream++)
            _code.AddTo(Products[stream], BlockShape.VectorBytes);
        _code.CountDown(PanelCount, nextPanel);
    }

    private void Load(Register register, int field) => _code.Load(register, new Memory(KernelAssembler.Arguments, field * sizeof(long)));

    /// <summary>Every step asks for its share of the lines, since many at once would wait for each other.</summary>
    private void EmitPrefetch()
    {
        var stream = _unpacker.Group / Target.VectorsPerPanel;
        var lines = _layout.BlockBytes * Lanes.Count / 64.0;
        var steps = _layout.BlockColumns / 4 * Target.VectorsPerPanel;
        for (_stepCounts[stream]++; _prefetchCounts[stream] < lines * _stepCounts[stream] / steps; _prefetchCounts[stream]++)
            _code.Prefetch(new Memory(Panels[stream], PrefetchBytes / StreamCount + _prefetchCounts[stream] * 64));
    }

    /// <summary>Where a sum begins: at minus the offset times the activations' sum.</summary>
    private void EmitStart(int block, int sub)
    {
        var sum = Sum(block, sub);
        if (_shape.HasStartOn(Target))
            _code.Broadcast(sum, Record(block, Activations.StartOffset + (_shape.HasSubScales ? (1 + sub) * sizeof(int) : 0)));
        else if (Target.HasDotProduct)
            _code.Clear(sum);
    }

    /// <summary>Something of the token's in every lane: once for all streams.</summary>
    private void EmitBroadcast(int block, int offset)
    {
        if (StreamCount == 1 || _unpacker.Group == 0)
            _code.Broadcast(Activation, Record(block, offset));
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

    /// <summary>A block's sum of a sub-block, or of values' upper (0) or lower (1) halves.</summary>
    private Vector Sum(int block, int index) =>
        Own(2 + (_unpacker.Group % StreamCount * BlocksTogether + block % BlocksTogether) * SumsPerBlock + index);

    private static int GroupsOf(KernelTarget target) => Math.Max(2, target.VectorsPerPanel);

    private Vector TotalOf(int group) => new(Target.VectorCount - OwnVectorCount + group);

    private Vector Own(int index) => new(Target.VectorCount - 1 - index);

    private static Memory Record(int block, int offset) => new(Token, block * Activations.RecordBytes + offset);
}
