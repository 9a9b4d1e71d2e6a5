namespace Ayni.Kernels;

/// <summary>
/// Multiplies unpacked integer weights with any number of tokens, in tiles of as many tokens as registers hold sums for. Two vectors of
/// rows share each token's activations: a panel's halves, or two panels where a vector holds all rows of one; or a panel's four. Every sum
/// adds its blocks in the order of columns, <c>sum = fma(integer · weight scale, activation scale, sum)</c>, then its minima, whatever the
/// tile.
/// </summary>
internal sealed class IntegerProductKernel : ProductKernel
{
    private readonly BlockShape _shape;
    private readonly bool _isSplit;

    private IntegerProductKernel(BlockShape shape, KernelAssembler code) : base(code)
    {
        _shape = shape;
        _isSplit = shape.IsSplitOn(Target);
    }

    private protected override int PanelCount => PanelsAtATime(Target);

    private protected override int WeightBytes => _shape.UnpackedBytes(Target);

    private protected override int ActivationBytes => Activations.RecordBytes;

    /// <summary>
    /// Integer sums for each vector, twice that with sub-blocks, float sums where there are registers for them, the vectors themselves and
    /// two more. Twelve integer sums hide what each takes; more gain nothing.
    /// </summary>
    private protected override int LargestTile =>
        Math.Min((Target.VectorCount - 2 - VectorCount) / VectorCount / (_shape.SubBlockCount + (HoldsTotals ? 1 : 0)), 6);

    /// <summary>Whether float sums stay in registers from block to block.</summary>
    private bool HoldsTotals => Target.VectorCount > 16;

    /// <summary>Vectors multiplied with each token at a time: of different rows, or two halves of the values of the same rows.</summary>
    private int VectorCount => VectorsAtATime(Target);

    private int PassCount => _isSplit ? Target.VectorsPerPanel : 1;

    private int RowVectorCount => VectorCount / PassCount;

    private Vector Activation => new(Target.VectorCount - 1);

    private Vector Temporary => new(Target.VectorCount - 2);

    public static void Emit(BlockShape shape, KernelAssembler code) => new IntegerProductKernel(shape, code).Emit();

    /// <summary>Panels multiplied at a time on a target.</summary>
    public static int PanelsAtATime(KernelTarget target) => VectorsAtATime(target) / target.VectorsPerPanel;

    private static int VectorsAtATime(KernelTarget target) => Math.Max(2, target.VectorsPerPanel);

    private protected override void BeginTile(int tokens)
    {
        if (HoldsTotals)
            ForEachSum(tokens, (v, token) => Code.Load(Total(v, token), SumPlace(token, v)));
    }

    private protected override void EndTile(int tokens)
    {
        if (HoldsTotals)
            ForEachSum(tokens, (v, token) => Code.Store(SumPlace(token, v), Total(v, token)));
    }

    private protected override void MultiplyBlock(int tokens)
    {
        for (var pass = 0; pass < PassCount; pass++)
            EmitPass(pass, tokens);
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
        if (HoldsTotals)
        {
            EmitHeldEpilogue(tokens);
            return;
        }
        for (var token = 0; token < tokens; token++)
            EmitEpilogue(pass, token);
    }

    private void EmitStep(int pass, int sub, int step, bool isFirst, int tokens)
    {
        for (var v = 0; v < VectorCount; v++)
        {
            var place = _isSplit
                ? new Memory(Weight, _shape.WeightOffset(Target, step, pass) + v * Target.VectorBytes)
                : InPanel(v, _shape.WeightOffset(Target, step, v % Target.VectorsPerPanel));
            Code.Load(WeightVector(v), place);
        }
        for (var token = 0; token < tokens; token++)
        {
            if (isFirst)
                EmitStart(sub, token);
            var hasStart = _shape.HasStartOn(Target);
            Code.Broadcast(Activation, Token(token, step * 4));
            // The first vector's sum holds the start value until the others have taken it.
            for (var v = VectorCount - 1; v >= 0; v--)
            {
                var (sum, weights) = (Sum(v, token), WeightVector(v));
                if (Target.HasDotProduct)
                {
                    Code.DotBytes(sum, weights, Activation);
                }
                else if (isFirst && !(hasStart && StartsAtOffset(v)))
                {
                    Code.MultiplyAddBytes(sum, weights, Activation);
                }
                else
                {
                    var product = v == 0 ? Activation : Temporary;
                    Code.MultiplyAddBytes(product, weights, Activation);
                    Code.AddWords(sum, isFirst ? Sum(0, token) : sum, product);
                }
            }
        }
    }

    /// <summary>Of values in two halves only the upper ones carry the offset.</summary>
    private bool StartsAtOffset(int v) => !_isSplit || v == 0;

    /// <summary>The offset times the activations' sum, to be taken off.</summary>
    private void EmitStart(int sub, int token)
    {
        if (!_shape.HasStartOn(Target))
        {
            if (Target.HasDotProduct)
            {
                for (var v = 0; v < VectorCount; v++)
                    Code.Clear(Sum(v, token));
            }
            return;
        }
        var first = Sum(0, token);
        Code.Broadcast(first, Token(token, Activations.StartOffset + (_shape.HasSubScales ? (1 + sub) * sizeof(int) : 0)));
        if (Target.HasDotProduct)
        {
            for (var v = 1; v < VectorCount; v++)
                Code.Copy(Sum(v, token), first);
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
                    var scale = OfRows(v, _shape.SubScaleOffset(Target, sub));
                    var result = sub == 0 ? FirstSum(v, token) : sum;
                    if (Target.HasDotProduct)
                        Code.MultiplyIntegers(result, sum, scale);
                    else
                        Code.MultiplyAddWords(result, sum, scale);
                    if (sub > 0)
                        Code.AddIntegers(sum, sum, FirstSum(v, token));
                }
                else if (!Target.HasDotProduct)
                {
                    var factor = (byte)(_isSplit && v == 0 ? 16 : 1);
                    if (token == 0)
                        Code.Load(WeightVector(v), Code.Constant([factor, 0]));
                    Code.MultiplyAddWords(sum, sum, WeightVector(v));
                    if (_isSplit && v == 1)
                        Code.AddIntegers(Sum(0, token), Sum(0, token), sum);
                }
            }
        }
    }

    /// <summary>Adds a block's integers to the float sums in registers.</summary>
    private void EmitHeldEpilogue(int tokens)
    {
        for (var v = 0; v < VectorCount; v++)
            Code.Load(WeightVector(v), OfRows(v, _shape.ScaleOffset(Target)));
        for (var token = 0; token < tokens; token++)
        {
            Code.Broadcast(Activation, Token(token, Activations.ScaleOffset));
            for (var v = 0; v < VectorCount; v++)
            {
                Code.ToSingle(Sum(v, token), Sum(v, token));
                Code.Multiply(Sum(v, token), Sum(v, token), WeightVector(v));
                Code.MultiplyAdd(Total(v, token), Sum(v, token), Activation);
            }
        }
        for (var index = 0; index < _shape.MinimumCount; index++)
        {
            for (var v = 0; v < VectorCount; v++)
                Code.Load(WeightVector(v), OfRows(v, _shape.MinimumOffset(Target, index)));
            for (var token = 0; token < tokens; token++)
            {
                Code.Broadcast(Activation, Token(token, ActivationSumOffset(index)));
                for (var v = 0; v < VectorCount; v++)
                    Code.MultiplyAdd(Total(v, token), Activation, WeightVector(v));
            }
        }
    }

    /// <summary>Adds a block's integers to the float sums in memory.</summary>
    private void EmitEpilogue(int pass, int token)
    {
        Code.Broadcast(Activation, Token(token, Activations.ScaleOffset));
        for (var v = 0; v < RowVectorCount; v++)
        {
            var (sum, rows) = (Sum(v, token), pass * RowVectorCount + v);
            Code.ToSingle(sum, sum);
            Code.Multiply(sum, sum, OfRows(rows, _shape.ScaleOffset(Target)));
            Code.MultiplyByAndAdd(sum, Activation, SumPlace(token, rows));
        }
        for (var index = 0; index < _shape.MinimumCount; index++)
        {
            Code.Broadcast(Temporary, Token(token, ActivationSumOffset(index)));
            for (var v = 0; v < RowVectorCount; v++)
                Code.MultiplyAdd(Sum(v, token), Temporary, OfRows(pass * RowVectorCount + v, _shape.MinimumOffset(Target, index)));
        }
        for (var v = 0; v < RowVectorCount; v++)
            Code.Store(SumPlace(token, pass * RowVectorCount + v), Sum(v, token));
    }

    private int ActivationSumOffset(int minimum) => Activations.SumOffset + (_shape.MinimumCount == 1 ? 0 : (1 + minimum) * sizeof(float));

    private void ForEachSum(int tokens, Action<int, int> emit)
    {
        for (var token = 0; token < tokens; token++)
        {
            for (var v = 0; v < VectorCount; v++)
                emit(v, token);
        }
    }

    /// <summary>Where a vector of rows has what each row has one of.</summary>
    private Memory OfRows(int rows, int offset) => InPanel(rows, offset + rows % Target.VectorsPerPanel * Target.VectorBytes);

    /// <summary>A place in the unpacked blocks of the panel that a vector of rows belongs to.</summary>
    private Memory InPanel(int rows, int offset) =>
        new(Weight, rows / Target.VectorsPerPanel * _shape.UnpackedStripBytes(Target) + offset);

    private Vector WeightVector(int v) => new(Target.VectorCount - 3 - v);

    private Vector Sum(int v, int token) => new(token * VectorCount + v);

    /// <summary>Where the first sub-block's sum waits for the second.</summary>
    private Vector FirstSum(int v, int token) => Sum(v, LargestTile + token);

    /// <summary>A float sum in a register.</summary>
    private Vector Total(int v, int token) => Sum(v, _shape.SubBlockCount * LargestTile + token);
}
