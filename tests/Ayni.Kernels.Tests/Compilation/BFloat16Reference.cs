namespace Ayni.Kernels.Tests;

/// <summary>
/// The scalar twin of <c>vdpbf16ps</c>, after Intel's instruction reference: of two products of BF16 numbers first the upper one is added
/// to a float, then the lower one, rounded once each to the nearest, ties to even; subnormal operands count as zeros, and results that stay
/// below the smallest normal number after rounding become zeros.
/// </summary>
internal static class BFloat16Reference
{
    // Half a unit in the last place below the smallest normal number: what is not less is rounded up to it.
    private const double Tiny = (1 - 1.0 / (1 << 25)) * 1.1754943508222875e-38;

    /// <summary>Adds two products.</summary>
    /// <param name="sum">What they are added to.</param>
    /// <param name="a">Two numbers, the upper one in the upper half.</param>
    /// <param name="b">What they are multiplied with.</param>
    public static float Dot(float sum, uint a, uint b)
    {
        sum = Add(Normal(sum), Number((ushort)(a >> 16)), Number((ushort)(b >> 16)));
        return Add(sum, Number((ushort)a), Number((ushort)b));
    }

    /// <summary>Products of rows with tokens, a pair of columns after the other.</summary>
    /// <param name="weights">BF16, <c>[rows, columns]</c>.</param>
    /// <param name="input"><c>[tokens, columns]</c>.</param>
    /// <param name="columns">An even number.</param>
    public static float[] Multiply(ushort[] weights, float[] input, int columns)
    {
        var (rows, tokens) = (weights.Length / columns, input.Length / columns);
        var products = new float[tokens * rows];
        for (var i = 0; i < products.Length; i++)
        {
            var (token, row) = Math.DivRem(i, rows);
            for (var column = 0; column < columns; column += 2)
            {
                var (w, x) = (row * columns + column, token * columns + column);
                products[i] = Dot(
                    products[i], weights[w] | (uint)weights[w + 1] << 16, Round(input[x]) | (uint)Round(input[x + 1]) << 16);
            }
        }
        return products;
    }

    /// <summary>Activations as they come back from their rounding, subnormal numbers as zeros.</summary>
    public static float[] Round(float[] activations) => [.. activations.Select(value => Number(Round(value)))];

    /// <summary>A number as <c>vcvtne2ps2bf16</c> rounds it, subnormal ones to zero.</summary>
    public static ushort RoundNormal(float value) => Round(Normal(value));

    private static ushort Round(float value)
    {
        if (float.IsNaN(value))
            return 0x7fc0;
        var bits = BitConverter.SingleToUInt32Bits(value);
        var (upper, lower) = (bits >> 16, bits & 0xffff);
        return (ushort)(lower > 0x8000 || lower == 0x8000 && (upper & 1) != 0 ? upper + 1 : upper);
    }

    private static float Number(ushort bits) => Normal(BitConverter.UInt32BitsToSingle((uint)bits << 16));

    private static float Normal(float value) => float.IsSubnormal(value) ? MathF.CopySign(0, value) : value;

    private static float Add(float sum, float a, float b)
    {
        var rounded = MathF.FusedMultiplyAdd(a, b, sum);
        return Math.Abs((double)a * b + sum) < Tiny ? MathF.CopySign(0, rounded) : rounded;
    }
}
