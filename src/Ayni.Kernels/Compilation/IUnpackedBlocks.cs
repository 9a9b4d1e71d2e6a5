namespace Ayni.Kernels;

/// <summary>
/// What becomes of a block while it is unpacked: a format gives its weights first, then what scales them, then what is added, one block of
/// 32 columns after another, in a vector for each group of rows that is unpacked at a time. Each call emits code; the vectors given are
/// free again when it returns.
/// </summary>
internal interface IUnpackedBlocks
{
    /// <summary>The stored values of four columns: unsigned bytes.</summary>
    /// <param name="block">Which 32 columns of the format's block.</param>
    /// <param name="step">Which four of them.</param>
    /// <param name="weights">The values; their high four bits where a target multiplies them in two halves.</param>
    /// <param name="lowHalf">Then their low four bits.</param>
    void PutWeights(int block, int step, ReadOnlySpan<Vector> weights, Vector? lowHalf);

    /// <summary>The integer scales of 16 columns: as pairs of 16 bits on a target without dot products.</summary>
    void PutSubScale(int block, int sub, ReadOnlySpan<Vector> scales);

    /// <summary>The float scales.</summary>
    void PutScale(int block, ReadOnlySpan<Vector> scales);

    /// <summary>What is added for each unit of the activations' sum.</summary>
    void PutMinimum(int block, int index, ReadOnlySpan<Vector> minima);
}
