using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What a kernel of few tokens is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FewTokensArguments
{
    /// <summary>The first of consecutive panels.</summary>
    public byte* Panels;

    /// <summary>The first token's activations.</summary>
    public byte* Activations;

    /// <summary>Receives the products, <c>[panels, tokens, 16]</c> floats.</summary>
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

    /// <summary>Bytes from one token's activations to the next.</summary>
    public long ActivationStride;
}

/// <summary>
/// Multiplies whole panels with a few tokens while unpacking them, so that weights come from memory once and go nowhere but into the
/// product; and asks for what lies ahead, across pages, where the processor's own prefetching stops. The same integers in the same order of
/// blocks as <see cref="UnpackKernel"/> and <see cref="IntegerProductKernel"/> together, so the same bits.
/// </summary>
/// <remarks>
/// What a core loads bounds it with one token, two vectors of 512 bits a cycle. So two streams of panels share each of the tokens'
/// activations, and every stored vector is loaded once for all blocks that have values in it, where there are registers for so many sums.
/// With more tokens multiplications bound it, and weights may be loaded again.
/// </remarks>
internal sealed class FewTokensKernel : IUnpackedBlocks
{
    /// <summary>The most tokens of any kernel of few: no more are reached from two registers, nor have sums in 32.</summary>
    public const int MostTokens = 6;

    private static readonly Register[] Panels = [Register.RSI, Register.R10];
    private static readonly Register TokenStart = Register.R8;
    private static readonly Register[] Products = [Register.RDI, Register.R11];
    private static readonly Register BlockCount = Register.RBX;
    private static readonly Register Count = Register.RCX;
    private static readonly Register PanelCount = Register.R9;
    private static readonly Register Stride = Register.R13;

    // Three tokens are reached from one register by the stride and its double.
    private static readonly Register[] TokenGroups = [Register.RDX, Register.R12];

    // Of all streams: about the time a line takes to come; half of the smallest first-level cache.
    private const int PrefetchBytes = 16384;

    // Registers that a format needs to unpack for each stream, the mask apart, and to unpack blocks together without loading anything
    // twice.
    private const int LeastUnpackVectors = 5;
    private const int TogetherUnpackVectors = 8;

    private readonly KernelAssembler _code;
    private readonly BlockShape _shape;
    private readonly PanelLayout _layout;
    private readonly int _tokens;
    private readonly bool _isSplit;
    private readonly bool _isTogether;
    private readonly PanelUnpacker _unpacker;
    private readonly int[] _stepCounts = new int[Panels.Length];
    private readonly int[] _prefetchCounts = new int[Panels.Length];

    private FewTokensKernel(PanelLayout layout, int tokens, KernelAssembler code)
    {
        _code = code;
        _layout = layout;
        _tokens = tokens;
        _shape = layout.Shape;
        _isSplit = _shape.IsSplitOn(Target);
        _isTogether = UnpackVectors(layout, tokens, Target, layout.BlocksTogether) >= TogetherUnpackVectors;
        _unpacker = new PanelUnpacker(_code, _shape, Panels, UnpackVectors(layout, tokens, Target, BlocksTogether), _isTogether, this);
    }

    private KernelTarget Target => _code.Target;

    /// <summary>Vectors of rows with sums of their own: a panel's parts, one after the other, or two panels at once.</summary>
    private int GroupCount => GroupsOf(Target);

    private int StepsPerSum => BlockShape.StepCount / _shape.SubBlockCount;

    private int StreamCount => StreamsAtATime(Target);

    private int BlocksTogether => _isTogether ? _layout.BlocksTogether : 1;

    private Vector Activation => Own(0);

    private Vector Product => Own(1);

    /// <summary>Emits the kernel of a format.</summary>
    /// <param name="layout">The format.</param>
    /// <param name="tokens">Tokens that it multiplies, at most <see cref="TokensAtATime"/>.</param>
    /// <param name="code">Receives the kernel.</param>
    public static void Emit(PanelLayout layout, int tokens, KernelAssembler code) => new FewTokensKernel(layout, tokens, code).EmitPanels();

    /// <summary>Streams of panels that the kernel of a target goes through at a time.</summary>
    public static int StreamsAtATime(KernelTarget target) => GroupsOf(target) / target.VectorsPerPanel;

    /// <summary>The most tokens that a target has registers for.</summary>
    public static int TokensAtATime(PanelLayout layout, KernelTarget target)
    {
        var tokens = MostTokens;
        while (tokens > 1 && UnpackVectors(layout, tokens, target, blocksTogether: 1) < 1 + LeastUnpackVectors)
            tokens--;
        return tokens;
    }

    public void PutWeights(int block, int step, ReadOnlySpan<Vector> weights, Vector? lowHalf)
    {
        EmitPrefetch();
        var sub = step / StepsPerSum;
        var isFirst = step % StepsPerSum == 0;
        for (var token = 0; token < _tokens; token++)
        {
            for (var stream = 0; isFirst && stream < StreamCount; stream++)
                EmitStart(block, sub, token, stream);
            _code.Broadcast(Activation, Record(block, token, step * 4));
            for (var stream = 0; stream < StreamCount; stream++)
                Accumulate(Sum(block, sub, token, stream), weights[stream], isFirst && !_shape.HasStartOn(Target));
            // Of values in two halves only the upper ones carry the offset.
            if (lowHalf is { } low)
                Accumulate(Sum(block, 1, token, 0), low, isFirst);
        }
    }

    public void PutSubScale(int block, int sub, ReadOnlySpan<Vector> scales)
    {
        for (var token = 0; token < _tokens; token++)
        {
            for (var stream = 0; stream < StreamCount; stream++)
            {
                var sum = Sum(block, sub, token, stream);
                if (Target.HasDotProduct)
                    _code.MultiplyIntegers(sum, sum, scales[stream]);
                else
                    _code.MultiplyAddWords(sum, sum, scales[stream]);
                if (sub == 1)
                    _code.AddIntegers(Sum(block, 0, token, stream), Sum(block, 0, token, stream), sum);
            }
        }
    }

    public void PutScale(int block, ReadOnlySpan<Vector> scales)
    {
        for (var token = 0; token < _tokens; token++)
        {
            _code.Broadcast(Activation, Record(block, token, Activations.ScaleOffset));
            for (var stream = 0; stream < StreamCount; stream++)
            {
                var sum = Sum(block, 0, token, stream);
                if (!_shape.HasSubScales && !Target.HasDotProduct)
                    AddWords(sum, block, token, stream);
                _code.ToSingle(sum, sum);
                _code.Multiply(sum, sum, scales[stream]);
                _code.MultiplyAdd(Total(token, stream), sum, Activation);
            }
        }
    }

    public void PutMinimum(int block, int index, ReadOnlySpan<Vector> minima)
    {
        var offset = Activations.SumOffset + (_shape.MinimumCount == 1 ? 0 : (1 + index) * sizeof(float));
        for (var token = 0; token < _tokens; token++)
        {
            _code.Broadcast(Activation, Record(block, token, offset));
            for (var stream = 0; stream < StreamCount; stream++)
                _code.MultiplyAdd(Total(token, stream), Activation, minima[stream]);
        }
    }

    /// <summary>
    /// Registers left to unpack with: others are for what is multiplied, the integer sums of all that is unpacked together, and the float
    /// sums.
    /// </summary>
    private static int UnpackVectors(PanelLayout layout, int tokens, KernelTarget target, int blocksTogether) =>
        target.VectorCount - TemporaryCount(target) - tokens * (StreamsAtATime(target) * blocksTogether * SumsPerBlock(layout.Shape, target) + GroupsOf(target));

    private static int GroupsOf(KernelTarget target) => Math.Max(2, target.VectorsPerPanel);

    // An activation, and a product that is not added at once.
    private static int TemporaryCount(KernelTarget target) => target.HasDotProduct ? 1 : 2;

    // Of two halves or sub-blocks, or only one.
    private static int SumsPerBlock(BlockShape shape, KernelTarget target) => shape.IsSplitOn(target) || shape.HasSubScales ? 2 : 1;

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
        if (_tokens > 1)
            Load(Stride, 8);
        _unpacker.Begin();
        var (nextPanel, nextBlock) = (_code.CreateLabel(), _code.CreateLabel());
        _code.Place(nextPanel);
        _code.Copy(TokenGroups[0], TokenStart);
        if (_tokens > 3)
        {
            _code.LoadAddress(TokenGroups[1], new Memory(TokenStart, 0, Stride, 2));
            _code.AddTo(TokenGroups[1], Stride);
        }
        _code.Copy(Count, BlockCount);
        ForEachTotal((total, _) => _code.Clear(total));
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
        for (var group = 0; group * 3 < _tokens; group++)
            _code.AddTo(TokenGroups[group], _layout.BlockColumns / BlockShape.Columns * Activations.RecordBytes);
        _code.CountDown(Count, nextBlock);
        ForEachTotal((total, place) => _code.Store(place, total));
        for (var stream = 0; stream < StreamCount; stream++)
            _code.AddTo(Products[stream], _tokens * BlockShape.VectorBytes);
        _code.CountDown(PanelCount, nextPanel);
    }

    private void ForEachTotal(Action<Vector, Memory> emit)
    {
        for (var token = 0; token < _tokens; token++)
        {
            for (var group = 0; group < GroupCount; group++)
            {
                var (panel, part) = Math.DivRem(group, Target.VectorsPerPanel);
                emit(TotalOf(token, group), new Memory(Products[panel], token * BlockShape.VectorBytes + part * Target.VectorBytes));
            }
        }
    }

    private void Load(Register register, int field) => _code.Load(register, new Memory(KernelAssembler.Arguments, field * sizeof(long)));

    /// <summary>Every step asks for its share of the lines, since many at once would wait for each other.</summary>
    private void EmitPrefetch()
    {
        var lines = _layout.BlockBytes * Lanes.Count / 64.0;
        var steps = _layout.BlockColumns / 4 * Target.VectorsPerPanel;
        for (var stream = 0; stream < StreamCount; stream++)
        {
            for (_stepCounts[stream]++; _prefetchCounts[stream] < lines * _stepCounts[stream] / steps; _prefetchCounts[stream]++)
                _code.Prefetch(new Memory(Panels[stream], PrefetchBytes / StreamCount + _prefetchCounts[stream] * 64));
        }
    }

    /// <summary>Where a sum begins: at minus the offset times the activations' sum.</summary>
    private void EmitStart(int block, int sub, int token, int stream)
    {
        var sum = Sum(block, sub, token, stream);
        if (!_shape.HasStartOn(Target))
        {
            if (Target.HasDotProduct)
                _code.Clear(sum);
        }
        else if (stream == 0)
        {
            _code.Broadcast(sum, Record(block, token, Activations.StartOffset + (_shape.HasSubScales ? (1 + sub) * sizeof(int) : 0)));
        }
        else
        {
            _code.Copy(sum, Sum(block, sub, token, 0));
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

    /// <summary>Makes one 32-bit integer a lane of sums of 16 bits, and one of two halves.</summary>
    private void AddWords(Vector sum, int block, int token, int stream)
    {
        _code.MultiplyAddWords(sum, sum, _code.Constant([(byte)(_isSplit ? 16 : 1), 0]));
        if (!_isSplit)
            return;
        var low = Sum(block, 1, token, stream);
        _code.MultiplyAddWords(low, low, _code.Constant([1, 0]));
        _code.AddIntegers(sum, sum, low);
    }

    /// <summary>A block's sum of a sub-block, or of values' upper (0) or lower (1) halves.</summary>
    private Vector Sum(int block, int index, int token, int stream)
    {
        var place = (token * StreamCount + stream) * BlocksTogether + block % BlocksTogether;
        return Own(TemporaryCount(Target) + place * SumsPerBlock(_shape, Target) + index);
    }

    /// <summary>The float sum of what is being unpacked: of a panel, or of the half that it has come to.</summary>
    private Vector Total(int token, int stream) => TotalOf(token, StreamCount > 1 ? stream : _unpacker.Group);

    private Vector TotalOf(int token, int group) =>
        Own(TemporaryCount(Target) + _tokens * StreamCount * BlocksTogether * SumsPerBlock(_shape, Target) + token * GroupCount + group);

    private Vector Own(int index) => new(Target.VectorCount - 1 - index);

    private static Memory Record(int block, int token, int offset)
    {
        var place = block * Activations.RecordBytes + offset;
        var (group, member) = Math.DivRem(token, 3);
        return member == 0 ? new Memory(TokenGroups[group], place) : new Memory(TokenGroups[group], place, Stride, member);
    }
}
