namespace Ayni.Kernels.Tests;

/// <summary>Products of operands rounded to BF16: in portable vectors and emitted, on this processor or else emulated.</summary>
public sealed class BFloat16ProductTests
{
    private static readonly float[] Special =
    [
        0, -0f, 1, -1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon, -float.Epsilon,
        1.17549435e-38f, 1.1e-38f, -1.1e-38f, 1e-20f, 3e-19f, -1e-30f, 1.00390625f, 1.01171875f, 3.3895314e38f, 3.4e38f,
    ];

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(8, 32, 16)]
    [InlineData(9, 33, 17)]
    [InlineData(5, 15, 2)]
    [InlineData(20, 70, 31)]
    [InlineData(3, 40, 515)]
    [InlineData(8, 64, 32)]
    [InlineData(40, 65, 64)]
    public void Every_sum_adds_rounded_pairs_in_their_order(int rows, int columns, int depth)
    {
        foreach (var isSpecial in (bool[])[false, true])
        {
            var left = Numbers(rows * depth, 1, isSpecial);
            var right = Numbers(columns * depth, 2, isSpecial);
            foreach (var accumulate in (bool[])[false, true])
            {
                var expected = Reference(left, right, rows, columns, depth, accumulate);
                foreach (var (name, context) in BFloat16Contexts.All(rows * columns * depth))
                {
                    using (context)
                    {
                        foreach (var sides in Enumerable.Range(0, 4))
                        {
                            var actual = Numbers(rows * columns, 3, false);
                            Multiply(left, right, rows, columns, depth, actual, context, accumulate, (sides & 1) != 0, (sides & 2) != 0);
                            EmulatingMapper.ThrowIfFailed();
                            AssertSame(expected, actual, name);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var (left, right) = (Numbers(150 * 700, 1, false), Numbers(90 * 700, 2, false));
        float[][] results = [.. ((int[])[1, 2, 3, 5]).Select(threads =>
        {
            using var context = new ComputeContext(ComputeContext.BestTier, threads);
            var output = new float[150 * 90];
            Multiply(left, right, 150, 90, 700, output, context, false, false, true);
            return output;
        })];
        Assert.All(results, result => Assert.Equal(results[0], result));
    }

    private static void Multiply(
        float[] left, float[] right, int rows, int columns, int depth, float[] output, ComputeContext context, bool accumulate,
        bool turnsLeft, bool turnsRight)
    {
        var leftView = turnsLeft
            ? new MatrixView(Turn(left, rows, depth), depth, rows).Transposed : new MatrixView(left, rows, depth);
        var rightView = turnsRight
            ? new MatrixView(right, columns, depth).Transposed : new MatrixView(Turn(right, columns, depth), depth, columns);
        FloatProduct.Multiply(leftView, rightView, output, context, accumulate, ProductPrecision.BF16);
    }

    /// <param name="left">The left side.</param>
    /// <param name="right">The right side, column after column.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="depth">The inner dimension.</param>
    /// <param name="accumulate">Whether to add to the third kind of numbers.</param>
    private static float[] Reference(float[] left, float[] right, int rows, int columns, int depth, bool accumulate)
    {
        const int BlockPairs = 256;
        var output = Numbers(rows * columns, 3, false);
        for (var i = 0; i < output.Length; i++)
        {
            var (row, column) = (i / columns, i % columns);
            for (var block = 0; block < depth; block += 2 * BlockPairs)
            {
                var sum = 0f;
                for (var k = block; k < Math.Min(depth, block + 2 * BlockPairs); k += 2)
                    sum = BFloat16Reference.Dot(sum, Pair(left, row * depth, k, depth), Pair(right, column * depth, k, depth));
                output[i] = accumulate || block > 0 ? sum + output[i] : sum;
            }
        }
        return output;
    }

    private static uint Pair(float[] values, int start, int k, int depth) =>
        Upper(values[start + k]) >> 16 | (k + 1 < depth ? Upper(values[start + k + 1]) : 0);

    private static uint Upper(float value) => BitConverter.SingleToUInt32Bits(PairReference.Round(value)) & 0xffff0000;

    private static float[] Turn(float[] values, int rows, int columns)
    {
        var turned = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
            turned[i % columns * rows + i / columns] = values[i];
        return turned;
    }

    /// <summary>The same bits; any number that is none is as good as another.</summary>
    private static void AssertSame(float[] expected, float[] actual, string name)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            var (e, a) = (BitConverter.SingleToInt32Bits(expected[i]), BitConverter.SingleToInt32Bits(actual[i]));
            Assert.True(
                e == a || (float.IsNaN(expected[i]) && float.IsNaN(actual[i])), $"{name}, {i}: {actual[i]:R} instead of {expected[i]:R}");
        }
    }

    private static float[] Numbers(int count, int seed, bool isSpecial)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
            isSpecial && random.Next(40) == 0 ? Special[random.Next(Special.Length)]
            : isSpecial ? (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-22, 4)) : random.NextSingle() - 0.5f)];
    }
}
