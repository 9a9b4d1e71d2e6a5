using System.Runtime.InteropServices;

namespace Ayni.Kernels.Tests;

/// <summary>Products by <c>vdpbf16ps</c>, on this processor or else emulated, against the instruction's scalar twin, bit for bit.</summary>
public sealed class BFloat16WeightTests
{
    /// <summary>Numbers of every kind: the exponents that bit patterns have, from the first on, and how many.</summary>
    public static TheoryData<int, int> Exponents => new()
    {
        { 110, 20 }, // numbers near 1
        { 0, 256 }, // subnormal numbers, infinities and what is no number
        { 48, 24 }, // products near the smallest normal number
        { 180, 30 }, // products near the greatest number
        { 0, 2 }, // subnormal numbers alone
    };

    [Avx2Theory]
    [MemberData(nameof(Exponents))]
    public void Products_have_the_bits_of_the_scalar_twin_over_all_tile_remainders(int firstExponent, int exponentCount)
    {
        if (!TargetContext.IsEmulated("avx512-bf16"))
            AssertSameBits(isEmulated: false, firstExponent, exponentCount);
        AssertSameBits(isEmulated: true, firstExponent, exponentCount);
    }

    [Fact]
    public void Results_that_are_rounded_up_to_the_smallest_normal_number_are_kept_and_smaller_ones_flushed()
    {
        // 2⁻¹²⁶ less a little: within a quarter of a unit in the last place, a little more than that, more than a unit.
        Assert.Equal(
            (float[])[1.1754944e-38f, 0, 0],
            ((float[])[1, 1.25f, 4]).Select(part => BFloat16Reference.Dot(1.1754944e-38f, Bits16(-part * Power(-75)), Bits16(Power(-76)))));
    }

    [Avx2Fact]
    public void Rows_of_an_odd_length_are_multiplied_exactly()
    {
        using var context = TargetContext.Create("avx512-bf16", threads: 1);
        using var matrix = PackedMatrix.Pack(TensorData.CopyOf([0x80, 0x3f, 0x80, 0x3f, 0x80, 0x3f]), TensorType.BF16, 1, 3, context);
        var output = new float[1];
        matrix.Multiply([1.001f, 2, 3], output, context);
        EmulatingMapper.ThrowIfFailed();
        Assert.Equal(6.001f, output[0]);
    }

    private static void AssertSameBits(bool isEmulated, int firstExponent, int exponentCount)
    {
        var random = new Random(firstExponent);
        foreach (var columns in (int[])(isEmulated ? [34] : [2, 18, 258, 512]))
        {
            foreach (var rows in (int[])(isEmulated ? [17, 33] : [1, 16, 33, 70]))
            {
                var weights = new ushort[rows * columns];
                foreach (ref var weight in weights.AsSpan())
                    weight = (ushort)(RandomBits() >> 16);
                using var context = TargetContext.Create("avx512-bf16", threads: 2, isEmulated);
                var data = TensorData.CopyOf(MemoryMarshal.AsBytes(weights.AsSpan()));
                using var matrix = PackedMatrix.Pack(data, TensorType.BF16, rows, columns, context);
                foreach (var tokens in TargetContext.TokenCounts(isEmulated))
                {
                    var input = new float[tokens * columns];
                    foreach (ref var value in input.AsSpan())
                        value = BitConverter.UInt32BitsToSingle(RandomBits());
                    var output = new float[tokens * rows];
                    matrix.Multiply(input, output, context);
                    EmulatingMapper.ThrowIfFailed();
                    Assert.Equal(BFloat16Reference.Multiply(weights, input, columns).Select(Bits), output.Select(Bits));
                }
            }
        }

        uint RandomBits() =>
            (uint)random.Next(1 << 23) | (uint)(firstExponent + random.Next(exponentCount)) << 23 | (uint)random.Next(2) << 31;
    }

    private static float Power(int exponent) => MathF.ScaleB(1, exponent);

    private static uint Bits16(float value) => BitConverter.SingleToUInt32Bits(value) >> 16;

    // What is no number may have any payload.
    private static int Bits(float value) => float.IsNaN(value) ? -1 : BitConverter.SingleToInt32Bits(value);
}
