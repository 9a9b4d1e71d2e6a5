namespace Ayni.Kernels;

/// <summary>
/// How weights that are floats are loaded from a panel and multiplied, a block of it at a time: one column, or a pair of BF16.
/// </summary>
internal sealed class FloatWeights(FloatLayout layout, KernelAssembler code)
{
    /// <summary>Bytes of a token's activations for a block: a float, or two BF16 numbers.</summary>
    public const int ActivationBytes = sizeof(float);

    /// <summary>Bytes of a block of 16 rows.</summary>
    public int BlockBytes => layout.BlockBytes * Lanes.Count;

    /// <summary>Where a vector's rows begin in a block.</summary>
    public int Offset(int vector) => vector * code.Target.LaneCount * layout.BlockBytes;

    /// <summary>Loads the weights of as many rows as a vector has lanes.</summary>
    public void Load(Vector d, Memory place)
    {
        switch (layout.Type)
        {
            case TensorType.F16:
                code.LoadHalves(d, place);
                break;
            case TensorType.BF16 when !layout.IsPaired:
                code.LoadWords(d, place);
                code.ShiftLeftIntegers(d, d, 16);
                break;
            default:
                code.Load(d, place);
                break;
        }
    }

    /// <summary>Adds their products with an activation, or a pair of them, in every lane.</summary>
    public void MultiplyAdd(Vector sum, Vector weights, Vector activation)
    {
        if (layout.IsPaired)
            code.DotBFloat16(sum, weights, activation);
        else
            code.MultiplyAdd(sum, weights, activation);
    }
}
