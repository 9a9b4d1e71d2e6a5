namespace Ayni.Kernels;

/// <summary>
/// Multiplies weights that are floats, of 32 or 16 bits, with any number of tokens, exactly as floats of 32 bits, converted as they are
/// loaded; or BF16 numbers in pairs of columns with activations rounded to BF16, by <c>vdpbf16ps</c>. Every sum adds column after column,
/// rounded once each (of a pair the second first, as the instruction does), whatever the tile.
/// </summary>
/// <remarks>
/// On 512-bit registers two panels at once: a token's activation is loaded once for both, since loading one for every multiplication
/// would take as long as multiplying.
/// </remarks>
internal sealed class FloatProductKernel : ProductKernel
{
    private readonly FloatWeights _weights;

    private FloatProductKernel(FloatLayout layout, KernelAssembler code) : base(code) =>
        _weights = new FloatWeights(layout, Code);

    private protected override int PanelCount => PanelsAtATime(Target);

    private protected override int LargestTile => Math.Min((Target.VectorCount - 1) / RowVectors - 1, MostTokens);

    private protected override int WeightBytes => _weights.BlockBytes;

    private protected override int ActivationBytes => FloatWeights.ActivationBytes;

    private Vector Activation => new(Target.VectorCount - 1);

    private int RowVectors => PanelCount * Target.VectorsPerPanel;

    /// <summary>Panels that a target's kernels multiply at a time.</summary>
    public static int PanelsAtATime(KernelTarget target) => target.VectorsPerPanel == 1 ? 2 : 1;

    public static void Emit(FloatLayout layout, KernelAssembler code) => new FloatProductKernel(layout, code).Emit();

    private protected override void BeginTile(int tokens)
    {
        for (var token = 0; token < tokens; token++)
        {
            for (var v = 0; v < RowVectors; v++)
                Code.Load(Sum(v, token), SumPlace(token, v));
        }
    }

    private protected override void MultiplyBlock(int tokens)
    {
        for (var v = 0; v < RowVectors; v++)
            _weights.Load(WeightVector(v), WeightPlace(v / Target.VectorsPerPanel, _weights.Offset(v % Target.VectorsPerPanel)));
        for (var token = 0; token < tokens; token++)
        {
            Code.Broadcast(Activation, Token(token, 0));
            for (var v = 0; v < RowVectors; v++)
                _weights.MultiplyAdd(Sum(v, token), WeightVector(v), Activation);
        }
    }

    private protected override void EndTile(int tokens)
    {
        for (var token = 0; token < tokens; token++)
        {
            for (var v = 0; v < RowVectors; v++)
                Code.Store(SumPlace(token, v), Sum(v, token));
        }
    }

    private Vector WeightVector(int v) => new(Target.VectorCount - 2 - v);

    private Vector Sum(int v, int token) => new(token * RowVectors + v);
}
