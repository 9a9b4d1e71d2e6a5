namespace Ayni.Kernels.Tests;

public sealed class BlockScalesTests
{
    public static TheoryData<TensorType> Quantized => [.. TensorTypes.Readable.Where(type => TensorTypes.FormatOf(type).Weights > 1)];

    /// <summary>
    /// Whatever bytes make a weight infinite or not a number are found, and no others, so that no scale's place is missed.
    /// </summary>
    [Theory]
    [MemberData(nameof(Quantized))]
    public void A_block_is_found_exactly_if_a_weight_of_it_is_not_finite(TensorType type)
    {
        var format = TensorTypes.FormatOf(type);
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        var found = 0;
        for (var offset = 0; offset < format.Bytes; offset++)
        {
            // Ones in all weights and sub-scales, so that no infinity is multiplied by nothing; a scale of about 1.
            var block = Enumerable.Repeat((byte)0x3C, format.Bytes).ToArray();
            block[offset] = type == TensorType.MXFP4 ? (byte)0xFF : (byte)0x7C;
            using var matrix = PackedMatrix.Pack(TensorData.CopyOf(block), type, 1, format.Weights, context);
            var weights = new float[format.Weights];
            matrix.CopyRow(0, weights);
            var isFinite = weights.All(float.IsFinite);
            Assert.Equal(isFinite ? -1 : 0, BlockScales.FindNotFinite(TensorData.CopyOf(block), type, context));
            found += isFinite ? 0 : 1;
        }
        Assert.InRange(found, 1, 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_first_of_many_blocks_is_named_whatever_the_threads(int threads)
    {
        using var context = new ComputeContext(KernelTier.Simd, threads);
        var blocks = new byte[18 * 300_000];
        foreach (var bad in (int[])[299_999, 123_456, 123_457, 200_000])
            blocks[18 * bad + 1] = 0xFE;
        Assert.Equal(123_456, BlockScales.FindNotFinite(TensorData.CopyOf(blocks), TensorType.Q4_0, context));
        Assert.Equal(-1, BlockScales.FindNotFinite(TensorData.CopyOf(blocks), TensorType.F16, context));
        Assert.Equal(-1, BlockScales.FindNotFinite(TensorData.CopyOf(blocks.AsSpan(0, 18 * 1000)), TensorType.Q4_0, context));
    }
}
