namespace Ayni.Kernels;

/// <summary>
/// Multiplies weights of 16 rows that are floats, of 32 or 16 bits, with any number of tokens, exactly as floats of 32 bits: a panel holds
/// each column of 16 rows in turn, converted as it is loaded. Every sum adds column after column, rounded once each, whatever the tile.
/// </summary>
internal sealed class FloatProductKernel : ProductKernel
{
    private readonly TensorType _type;

    private FloatProductKernel(TensorType type, KernelTarget target, bool forWindows) : base(target, forWindows) => _type = type;

    private protected override int LargestTile => Math.Min((Target.VectorCount - 1) / Target.VectorsPerPanel - 1, MostTokens);

    private protected override int WeightBytes => Lanes.Count * ElementBytes;

    private protected override int ActivationBytes => sizeof(float);

    private int ElementBytes => _type == TensorType.F32 ? sizeof(float) : sizeof(ushort);

    private Vector Activation => new(Target.VectorCount - 1);

    public static byte[] Emit(TensorType type, KernelTarget target, bool forWindows) =>
        new FloatProductKernel(type, target, forWindows).Emit();

    private protected override void BeginTile(int tokens)
    {
        for (var token = 0; token < tokens; token++)
        {
            for (var v = 0; v < Target.VectorsPerPanel; v++)
                Code.Load(Sum(v, token), SumPlace(token, v));
        }
    }

    private protected override void MultiplyBlock(int tokens)
    {
        for (var v = 0; v < Target.VectorsPerPanel; v++)
            LoadWeights(WeightVector(v), new Memory(Weight, v * Target.LaneCount * ElementBytes));
        for (var token = 0; token < tokens; token++)
        {
            Code.Broadcast(Activation, Token(token, 0));
            for (var v = 0; v < Target.VectorsPerPanel; v++)
                Code.MultiplyAdd(Sum(v, token), WeightVector(v), Activation);
        }
    }

    private protected override void EndTile(int tokens)
    {
        for (var token = 0; token < tokens; token++)
        {
            for (var v = 0; v < Target.VectorsPerPanel; v++)
                Code.Store(SumPlace(token, v), Sum(v, token));
        }
    }

    private void LoadWeights(Vector d, Memory place)
    {
        switch (_type)
        {
            case TensorType.F16:
                Code.LoadHalves(d, place);
                break;
            case TensorType.BF16:
                Code.LoadWords(d, place);
                Code.ShiftLeftIntegers(d, d, 16);
                break;
            default:
                Code.Load(d, place);
                break;
        }
    }

    private Vector WeightVector(int v) => new(Target.VectorCount - 2 - v);

    private Vector Sum(int v, int token) => new(token * Target.VectorsPerPanel + v);
}
