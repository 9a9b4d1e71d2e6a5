using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What a product kernel is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ProductArguments
{
    /// <summary>The unpacked blocks of a panel.</summary>
    public byte* Weights;

    /// <summary>The first token's activations that belong to the first of these blocks.</summary>
    public byte* Activations;

    /// <summary>Bytes from one token's activations to the next.</summary>
    public long ActivationStride;

    /// <summary>The sums, <c>[tokens, 16]</c> floats, that the products are added to.</summary>
    public float* Sums;

    /// <summary>Tokens, at least one.</summary>
    public long TokenCount;

    /// <summary>Blocks, at least one.</summary>
    public long BlockCount;
}

/// <summary>
/// Multiplies unpacked integer weights of 16 rows with any number of tokens, in tiles of as many tokens as registers hold sums for. Every sum adds
/// its blocks in the order of columns, <c>sum = fma(integer · weight scale, activation scale, sum)</c>, then its minima, whatever the tile.
/// </summary>
internal sealed class IntegerProductKernel
{
    private static readonly Register Weights = Register.RDX;
    private static readonly Register Tokens = Register.RCX;
    private static readonly Register Stride = Register.R11;
    private static readonly Register Sums = Register.RDI;
    private static readonly Register TokenCount = Register.RSI;
    private static readonly Register BlockCount = Register.RBX;
    private static readonly Register Weight = Register.R8;
    private static readonly Register Count = Register.RAX;

    // Three tokens are reached from one register by the stride and its double.
    private static readonly Register[] TokenGroups = [Register.R9, Register.R10, Register.R12, Register.R13];

    private readonly KernelAssembler _code;
    private readonly BlockShape _shape;
    private readonly bool _isSplit;

    private IntegerProductKernel(BlockShape shape, KernelTarget target, bool forWindows)
    {
        _code = new KernelAssembler(target, forWindows);
        _shape = shape;
        _isSplit = shape.IsSplitOn(target);
    }

    private KernelTarget Target => _code.Target;

    /// <summary>Vectors multiplied with each token at a time: the rows of a panel, or two halves of the values of some of its rows.</summary>
    private int VectorCount => _isSplit ? 2 : Target.VectorsPerPanel;

    private int PassCount => _isSplit ? Target.VectorsPerPanel : 1;

    private int RowVectorCount => Target.VectorsPerPanel / PassCount;

    private Vector Activation => new(Target.VectorCount - 1);

    private Vector Temporary => new(Target.VectorCount - 2);

    /// <summary>Tokens of the largest tile: sums for each vector, twice that with sub-blocks, the vectors themselves and two more.</summary>
    public static int LargestTile(BlockShape shape, KernelTarget target)
    {
        var vectors = shape.IsSplitOn(target) ? 2 : target.VectorsPerPanel;
        var registers = (target.VectorCount - 2 - vectors) / vectors / shape.SubBlockCount;
        return Math.Min(registers, 3 * TokenGroups.Length);
    }

    public static byte[] Emit(BlockShape shape, KernelTarget target, bool forWindows)
    {
        var kernel = new IntegerProductKernel(shape, target, forWindows);
        kernel.EmitTiles(LargestTile(shape, target));
        return kernel._code.Finish();
    }

    private void EmitTiles(int largest)
    {
        foreach (var (register, index) in ((Register, int)[])[(Weights, 0), (Tokens, 1), (Stride, 2), (Sums, 3), (TokenCount, 4), (BlockCount, 5)])
            _code.Load(register, new Memory(KernelAssembler.Arguments, index * sizeof(long)));
        var done = _code.CreateLabel();
        var (full, rest) = (_code.CreateLabel(), _code.CreateLabel());
        _code.Place(full);
        _code.JumpIfLess(TokenCount, largest, rest);
        EmitTile(largest);
        for (var token = 0; token < largest; token++)
            _code.AddTo(Tokens, Stride);
        _code.AddTo(Sums, largest * BlockShape.VectorBytes);
        _code.AddTo(TokenCount, -largest);
        _code.Jump(full);
        for (var tokens = largest - 1; tokens > 0; tokens--)
        {
            _code.Place(rest);
            rest = _code.CreateLabel();
            _code.JumpIfLess(TokenCount, tokens, rest);
            EmitTile(tokens);
            _code.Jump(done);
        }
        _code.Place(rest);
        _code.Place(done);
    }

    private void EmitTile(int tokens)
    {
        for (var group = 0; group * 3 < tokens; group++)
        {
            if (group == 0)
            {
                _code.Copy(TokenGroups[0], Tokens);
                continue;
            }
            _code.LoadAddress(TokenGroups[group], new Memory(TokenGroups[group - 1], 0, Stride, 2));
            _code.AddTo(TokenGroups[group], Stride);
        }
        _code.Copy(Weight, Weights);
        _code.Copy(Count, BlockCount);
        var next = _code.CreateLabel();
        _code.Place(next);
        for (var pass = 0; pass < PassCount; pass++)
            EmitPass(pass, tokens);
        _code.AddTo(Weight, _shape.UnpackedBytes(Target));
        for (var group = 0; group * 3 < tokens; group++)
            _code.AddTo(TokenGroups[group], Activations.RecordBytes);
        _code.CountDown(Count, next);
    }

    /// <summary>One block of some rows with a tile of tokens.</summary>
    private void EmitPass(int pass, int tokens)
    {
        var steps = BlockShape.StepCount / _shape.SubBlockCount;
        for (var sub = 0; sub < _shape.SubBlockCount; sub++)
        {
            for (var step = 0; step < steps; step++)
                EmitStep(pass, sub, sub * steps + step, isFirst: step == 0, tokens);
            EmitReduction(sub, tokens);
        }
        for (var token = 0; token < tokens; token++)
            EmitEpilogue(pass, token);
    }

    private void EmitStep(int pass, int sub, int step, bool isFirst, int tokens)
    {
        for (var v = 0; v < VectorCount; v++)
        {
            var offset = _isSplit
                ? _shape.WeightOffset(Target, step, pass) + v * Target.VectorBytes
                : _shape.WeightOffset(Target, step, v);
            _code.Load(WeightVector(v), new Memory(Weight, offset));
        }
        for (var token = 0; token < tokens; token++)
        {
            if (isFirst)
                EmitStart(sub, token);
            var hasStart = _shape.OffsetShift >= 0;
            _code.Broadcast(Activation, Token(token, step * 4));
            // The first vector's sum holds the start value until the others have taken it.
            for (var v = VectorCount - 1; v >= 0; v--)
            {
                var (sum, weights) = (Sum(v, token), WeightVector(v));
                if (Target.HasDotProduct)
                {
                    _code.DotBytes(sum, weights, Activation);
                }
                else if (isFirst && !(hasStart && StartsAtOffset(v)))
                {
                    _code.MultiplyAddBytes(sum, weights, Activation);
                }
                else
                {
                    var product = v == 0 ? Activation : Temporary;
                    _code.MultiplyAddBytes(product, weights, Activation);
                    _code.AddWords(sum, isFirst ? Sum(0, token) : sum, product);
                }
            }
        }
    }

    /// <summary>Of values in two halves only the upper ones carry the offset.</summary>
    private bool StartsAtOffset(int v) => !_isSplit || v == 0;

    /// <summary>The offset times the activations' sum, to be taken off.</summary>
    private void EmitStart(int sub, int token)
    {
        if (_shape.OffsetShift < 0)
        {
            if (Target.HasDotProduct)
            {
                for (var v = 0; v < VectorCount; v++)
                    _code.Clear(Sum(v, token));
            }
            return;
        }
        var first = Sum(0, token);
        _code.Broadcast(first, Token(token, Activations.StartOffset + (_shape.HasSubScales ? (1 + sub) * sizeof(int) : 0)));
        if (Target.HasDotProduct)
        {
            _code.ShiftLeftIntegers(first, first, _shape.OffsetShift);
            for (var v = 1; v < VectorCount; v++)
                _code.Copy(Sum(v, token), first);
        }
        else
        {
            _code.ShiftLeftWords(first, first, _isSplit ? _shape.OffsetShift - 4 : _shape.OffsetShift);
        }
    }

    /// <summary>Makes one 32-bit integer a lane of what has been summed, and adds up the sub-blocks.</summary>
    private void EmitReduction(int sub, int tokens)
    {
        for (var v = 0; v < VectorCount; v++)
        {
            for (var token = 0; token < tokens; token++)
            {
                var sum = Sum(v, token);
                if (_shape.HasSubScales)
                {
                    var scale = new Memory(Weight, _shape.SubScaleOffset(Target, sub) + v * Target.VectorBytes);
                    var result = sub == 0 ? FirstSum(v, token) : sum;
                    if (Target.HasDotProduct)
                        _code.MultiplyIntegers(result, sum, scale);
                    else
                        _code.MultiplyAddWords(result, sum, scale);
                    if (sub > 0)
                        _code.AddIntegers(sum, sum, FirstSum(v, token));
                }
                else if (!Target.HasDotProduct)
                {
                    var factor = (byte)(_isSplit && v == 0 ? 16 : 1);
                    if (token == 0)
                        _code.Load(WeightVector(v), _code.Constant([factor, 0]));
                    _code.MultiplyAddWords(sum, sum, WeightVector(v));
                    if (_isSplit && v == 1)
                        _code.AddIntegers(Sum(0, token), Sum(0, token), sum);
                }
            }
        }
    }

    /// <summary>Adds a block's integers to the float sums.</summary>
    private void EmitEpilogue(int pass, int token)
    {
        _code.Broadcast(Activation, Token(token, Activations.ScaleOffset));
        for (var v = 0; v < RowVectorCount; v++)
        {
            var (sum, rows) = (Sum(v, token), (pass * RowVectorCount + v) * Target.VectorBytes);
            _code.ToSingle(sum, sum);
            _code.Multiply(sum, sum, new Memory(Weight, _shape.ScaleOffset(Target) + rows));
            _code.MultiplyByAndAdd(sum, Activation, new Memory(Sums, token * BlockShape.VectorBytes + rows));
        }
        for (var index = 0; index < _shape.MinimumCount; index++)
        {
            var offset = Activations.SumOffset + (_shape.MinimumCount == 1 ? 0 : (1 + index) * sizeof(float));
            _code.Broadcast(Temporary, Token(token, offset));
            for (var v = 0; v < RowVectorCount; v++)
            {
                var rows = (pass * RowVectorCount + v) * Target.VectorBytes;
                _code.MultiplyAdd(Sum(v, token), Temporary, new Memory(Weight, _shape.MinimumOffset(Target, index) + rows));
            }
        }
        for (var v = 0; v < RowVectorCount; v++)
        {
            var rows = (pass * RowVectorCount + v) * Target.VectorBytes;
            _code.Store(new Memory(Sums, token * BlockShape.VectorBytes + rows), Sum(v, token));
        }
    }

    private Vector WeightVector(int v) => new(Target.VectorCount - 3 - v);

    private Vector Sum(int v, int token) => new(token * VectorCount + v);

    /// <summary>Where the first sub-block's sum waits for the second.</summary>
    private Vector FirstSum(int v, int token) => new((LargestTile(_shape, Target) + token) * VectorCount + v);

    private static Memory Token(int token, int offset) => token % 3 == 0
        ? new Memory(TokenGroups[token / 3], offset)
        : new Memory(TokenGroups[token / 3], offset, Stride, token % 3);
}
