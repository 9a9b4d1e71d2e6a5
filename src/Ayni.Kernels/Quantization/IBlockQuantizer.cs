namespace Ayni.Kernels;

/// <summary>How one tensor type is written: the inverse of its <see cref="IWeightFormat"/>.</summary>
internal interface IBlockQuantizer
{
    /// <summary>The tensor type.</summary>
    static abstract TensorType Type { get; }

    /// <summary>Writes one block.</summary>
    /// <param name="values">The block's weights, finite.</param>
    /// <param name="importance">The mean square of each weight's input, as long as the block; empty where it was not measured.</param>
    /// <param name="block">Receives the block's bytes.</param>
    static abstract void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block);
}
