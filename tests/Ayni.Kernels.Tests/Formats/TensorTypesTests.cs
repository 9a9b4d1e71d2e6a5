using Ayni.Kernels;

namespace Ayni.Kernels.Tests;

public sealed class TensorTypesTests
{
    [Fact]
    public void Every_named_type_has_a_block_format()
    {
        foreach (var type in Enum.GetValues<TensorType>())
            Assert.True(TensorTypes.Find(type) is { Weights: > 0, Bytes: > 0 }, type.ToString());
    }

    [Fact]
    public void Unknown_numbers_have_none()
    {
        Assert.Null(TensorTypes.Find((TensorType)(-1)));
        Assert.Null(TensorTypes.Find((TensorType)1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorTypes.FormatOf((TensorType)1000));
        Assert.False(TensorTypes.IsReadable((TensorType)1000));
    }

    // The bits that the field's names promise: block bytes × 8 ÷ block weights.
    [Theory]
    [InlineData(TensorType.Q4_0, 4.5)]
    [InlineData(TensorType.Q8_0, 8.5)]
    [InlineData(TensorType.Q2_K, 2.625)]
    [InlineData(TensorType.Q3_K, 3.4375)]
    [InlineData(TensorType.Q4_K, 4.5)]
    [InlineData(TensorType.Q5_K, 5.5)]
    [InlineData(TensorType.Q6_K, 6.5625)]
    [InlineData(TensorType.IQ2_XXS, 2.0625)]
    [InlineData(TensorType.IQ1_S, 1.5625)]
    [InlineData(TensorType.IQ4_XS, 4.25)]
    [InlineData(TensorType.TQ1_0, 1.6875)]
    [InlineData(TensorType.TQ2_0, 2.0625)]
    [InlineData(TensorType.MXFP4, 4.25)]
    [InlineData(TensorType.NVFP4, 4.5)]
    [InlineData(TensorType.F32, 32)]
    public void A_weight_takes_the_bits_it_should(TensorType type, double bits)
    {
        var format = TensorTypes.FormatOf(type);
        Assert.Equal(bits, format.Bytes * 8.0 / format.Weights);
    }

    [Fact]
    public void Bytes_are_counted_in_whole_blocks_and_without_overflow()
    {
        var format = TensorTypes.FormatOf(TensorType.Q4_0);
        Assert.Equal(0, format.BytesOf(0));
        Assert.Equal(36, format.BytesOf(64));
        Assert.Equal(9L << 40, format.BytesOf(16L << 40));
        Assert.Throws<ArgumentException>(() => format.BytesOf(33));
        Assert.Throws<ArgumentOutOfRangeException>(() => format.BytesOf(-32));
        Assert.Throws<OverflowException>(() => TensorTypes.FormatOf(TensorType.F32).BytesOf(1L << 61));
    }

    [Fact]
    public void Codebook_and_integer_types_are_known_but_not_readable()
    {
        foreach (var type in new[] { TensorType.IQ2_XS, TensorType.NVFP4, TensorType.I32, TensorType.Q8_K, TensorType.Q4_0_4_4 })
            Assert.False(TensorTypes.IsReadable(type), type.ToString());
        foreach (var type in new[] { TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0, TensorType.Q6_K })
            Assert.True(TensorTypes.IsReadable(type), type.ToString());
    }
}
