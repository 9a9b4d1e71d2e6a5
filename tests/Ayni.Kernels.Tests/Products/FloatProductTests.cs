namespace Ayni.Kernels.Tests;

public sealed class FloatProductTests
{
    private enum Side
    {
        AsIs,
        Transposed,
    }

    /// <summary>Every remainder of both tiles, of the steps packed at a time, and sizes beyond a block.</summary>
    public static TheoryData<int, int, int> Shapes { get; } = MakeShapes();

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_are_those_of_the_definition_in_every_order_of_operands(int rows, int columns, int depth)
    {
        using var context = new ComputeContext(KernelTier.Simd, 2);
        foreach (var left in Enum.GetValues<Side>())
        {
            foreach (var right in Enum.GetValues<Side>())
            {
                foreach (var accumulate in (bool[])[false, true])
                {
                    Check(new ProductTile256(), rows, columns, depth, left, right, accumulate, context);
                    Check(new ProductTile512(), rows, columns, depth, left, right, accumulate, context);
                }
            }
        }
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var (left, right) = (Numbers(150 * 700, 1), Numbers(700 * 90, 2));
        float[][] results = [.. ((int[])[1, 2, 3, 5]).Select(threads =>
        {
            using var context = new ComputeContext(KernelTier.Simd, threads);
            var output = new float[150 * 90];
            FloatProduct.Multiply(new MatrixView(left, 150, 700), new MatrixView(right, 700, 90), output, context);
            return output;
        })];
        Assert.All(results, result => Assert.Equal(results[0], result));
    }

    [Theory]
    [InlineData(ProductPrecision.F32)]
    [InlineData(ProductPrecision.BF16)]
    public void What_was_packed_once_gives_the_same_bits_as_often_as_it_is_multiplied(ProductPrecision precision)
    {
        using var context = new ComputeContext(ComputeContext.BestTier, 2);
        using var alone = context.ForOneWorker();
        var packed = new PackedOperand(OperandSide.Right);
        foreach (var (depth, columns) in ((int, int)[])[(700, 90), (31, 33), (1, 1)])
        {
            var right = new MatrixView(Numbers(depth * columns, 2), columns, depth).Transposed;
            packed.Pack(right, precision, context);
            foreach (var rows in (int[])[150, 8, 5])
            {
                var left = new MatrixView(Numbers(rows * depth, 1), rows, depth);
                float[] addend = Numbers(rows * columns, 3), expected = new float[rows * columns], actual = new float[rows * columns];
                FloatProduct.Multiply(left, right, addend, expected, context, precision);
                FloatProduct.Multiply(left, packed, addend, actual, context);
                Assert.Equal(expected, actual);
                addend.CopyTo(actual, 0);
                FloatProduct.Multiply(left, packed, actual, actual, alone);
                Assert.Equal(expected, actual);
            }
        }
        Assert.Throws<ShapeMismatchException>(() => FloatProduct.Multiply(new MatrixView(new float[6], 3, 2), packed, [], new float[3], context));
    }

    /// <summary>Parts that end where blocks of the inner dimension do and elsewhere, and with it both sides' last panels.</summary>
    [Theory]
    [InlineData(ProductPrecision.F32, KernelTier.Simd)]
    [InlineData(ProductPrecision.BF16, KernelTier.Simd)]
    [InlineData(ProductPrecision.F32, KernelTier.Compiled)]
    [InlineData(ProductPrecision.BF16, KernelTier.Compiled)]
    public void What_was_packed_in_parts_gives_the_same_bits(ProductPrecision precision, KernelTier tier)
    {
        using var context = new ComputeContext(tier, 2);
        PackedOperand left = new(OperandSide.Left), right = new(OperandSide.Right), other = new(OperandSide.Left);
        (int, int, int, int)[] shapes = [(1200, 150, 90, 96), (1023, 5, 33, 512), (3, 1, 1, 2), (40, 9, 300, 40)];
        foreach (var (depth, rows, columns, part) in shapes)
        {
            var (leftValues, rightValues) = (Numbers(depth * rows, 1), Numbers(depth * columns, 2));
            left.Reserve(depth, rows, precision, context);
            right.Reserve(depth, columns, precision, context);
            for (var start = 0; start < depth; start += part)
            {
                var count = Math.Min(part, depth - start);
                left.Pack(start, new MatrixView(leftValues.AsSpan(start * rows, count * rows), count, rows), context);
                right.Pack(start, new MatrixView(rightValues.AsSpan(start * columns, count * columns), count, columns), context);
            }
            other.Pack(new MatrixView(Numbers(depth * 20, 4), depth, 20), precision, context);
            float[] sums = Numbers(rows * columns, 3), otherSums = Numbers(20 * columns, 5);
            float[] expected = [.. sums], otherExpected = [.. otherSums];
            var rightView = new MatrixView(rightValues, depth, columns);
            FloatProduct.Multiply(new MatrixView(leftValues, depth, rows).Transposed, rightView, expected, context, true, precision);
            FloatProduct.Multiply(
                new MatrixView(Numbers(depth * 20, 4), depth, 20).Transposed, rightView, otherExpected, context, true, precision);
            FloatProduct.Add([new PackedProduct(left, right, sums), new PackedProduct(other, right, otherSums)], context);
            Assert.Equal(expected, sums);
            Assert.Equal(otherExpected, otherSums);
        }
    }

    [Theory]
    [InlineData(ProductPrecision.F32, KernelTier.Simd)]
    [InlineData(ProductPrecision.BF16, KernelTier.Simd)]
    [InlineData(ProductPrecision.F32, KernelTier.Compiled)]
    [InlineData(ProductPrecision.BF16, KernelTier.Compiled)]
    public void Products_of_whole_units_of_the_depth_add_up_to_the_same_bits(ProductPrecision precision, KernelTier tier)
    {
        const int depth = 3 * PackedOperand.DepthUnit + 77, rows = 70, columns = 45;
        using var context = new ComputeContext(tier, 2);
        PackedOperand left = new(OperandSide.Left), right = new(OperandSide.Right);
        var (leftValues, rightValues) = (Numbers(depth * rows, 1), Numbers(depth * columns, 2));
        float[][] sums = [.. ((int[])[depth, PackedOperand.DepthUnit, 2 * PackedOperand.DepthUnit]).Select(part =>
        {
            var sum = Numbers(rows * columns, 3);
            for (var start = 0; start < depth; start += part)
            {
                var count = Math.Min(part, depth - start);
                left.Pack(new MatrixView(leftValues.AsSpan(start * rows, count * rows), count, rows), precision, context);
                right.Pack(new MatrixView(rightValues.AsSpan(start * columns, count * columns), count, columns), precision, context);
                FloatProduct.Add([new PackedProduct(left, right, sum)], context);
            }
            return sum;
        })];
        Assert.Equal(sums[0], sums[1]);
        Assert.Equal(sums[0], sums[2]);
    }

    [Fact]
    public void Packed_operands_that_do_not_fit_are_refused()
    {
        using var context = new ComputeContext(KernelTier.Simd, 1);
        PackedOperand left = new(OperandSide.Left), right = new(OperandSide.Right);
        right.Pack(new MatrixView(new float[12], 4, 3), ProductPrecision.F32, context);
        left.Pack(new MatrixView(new float[8], 4, 2), ProductPrecision.F32, context);
        Assert.Throws<ShapeMismatchException>(() => left.Pack(0, new MatrixView(new float[6], 2, 3), context));
        Assert.Throws<ArgumentOutOfRangeException>(() => left.Pack(2, new MatrixView(new float[8], 4, 2), context));
        Assert.Throws<ArgumentException>(() => left.Pack(1, new MatrixView(new float[4], 2, 2), context));
        Assert.Throws<ArgumentException>(() => left.Pack(0, new MatrixView(new float[2], 1, 2), context));
        Assert.Throws<ArgumentException>(() => left.Pack(0, new MatrixView(new float[8], 2, 4).Transposed, context));
        Assert.Throws<ShapeMismatchException>(() => FloatProduct.Add([new PackedProduct(left, right, new float[5])], context));
        Assert.Throws<ArgumentException>(() => FloatProduct.Add([new PackedProduct(right, right, new float[9])], context));
        Assert.Throws<ArgumentException>(() => FloatProduct.Multiply(new MatrixView(new float[4], 1, 4), left, [], new float[2], context));
        right.Pack(new MatrixView(new float[12], 4, 3), ProductPrecision.BF16, context);
        Assert.Throws<ArgumentException>(() => FloatProduct.Add([new PackedProduct(left, right, new float[6])], context));
    }

    [Theory]
    [InlineData(8, 1024)]
    [InlineData(8, 2048)]
    [InlineData(16, 1000)]
    public void Where_rows_lie_does_not_touch_the_result(int rows, int depth)
    {
        using var context = new ComputeContext(ComputeContext.BestTier, 1);
        var values = Numbers(rows * depth, 1);
        var turned = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
            turned[i % depth * rows + i / depth] = values[i];
        var right = new MatrixView(Numbers(depth * 40, 2), depth, 40);
        foreach (var precision in Enum.GetValues<ProductPrecision>())
        {
            float[] inPlace = new float[rows * 40], packed = new float[rows * 40];
            FloatProduct.Multiply(new MatrixView(values, rows, depth), right, inPlace, context, precision: precision);
            FloatProduct.Multiply(new MatrixView(turned, depth, rows).Transposed, right, packed, context, precision: precision);
            Assert.Equal(packed, inPlace);
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var context = new ComputeContext(KernelTier.Simd, 1);
        Assert.Throws<ShapeMismatchException>(() => new MatrixView(new float[5], 2, 3));
        Assert.Throws<ShapeMismatchException>(() =>
            FloatProduct.Multiply(new MatrixView(new float[6], 2, 3), new MatrixView(new float[6], 2, 3), new float[6], context));
        Assert.Throws<ShapeMismatchException>(() =>
            FloatProduct.Multiply(new MatrixView(new float[6], 2, 3), new MatrixView(new float[6], 3, 2), new float[5], context));
    }

    [Fact]
    public void Nothing_times_nothing_is_nothing()
    {
        using var context = new ComputeContext(KernelTier.Simd, 1);
        float[] output = [1, 2, 3, 4];
        FloatProduct.Multiply(new MatrixView([], 2, 0), new MatrixView([], 0, 2), output, context);
        Assert.Equal([0f, 0, 0, 0], output);
        FloatProduct.Multiply(new MatrixView([], 0, 2), new MatrixView(new float[4], 2, 2), [], context);
    }

    private static void Check<TTile>(TTile tile, int rows, int columns, int depth, Side leftSide, Side rightSide, bool accumulate,
        ComputeContext context)
        where TTile : struct, IProductTile
    {
        var (leftValues, rightValues, output) = (Numbers(rows * depth, 1), Numbers(depth * columns, 2), Numbers(rows * columns, 3));
        var expected = new double[output.Length];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var sum = accumulate ? output[i * columns + j] : 0.0;
                for (var k = 0; k < depth; k++)
                {
                    sum += (double)leftValues[leftSide == Side.AsIs ? i * depth + k : k * rows + i]
                        * rightValues[rightSide == Side.AsIs ? k * columns + j : j * depth + k];
                }
                expected[i * columns + j] = sum;
            }
        }
        var left = leftSide == Side.AsIs ? new MatrixView(leftValues, rows, depth) : new MatrixView(leftValues, depth, rows).Transposed;
        var right = rightSide == Side.AsIs ? new MatrixView(rightValues, depth, columns)
            : new MatrixView(rightValues, columns, depth).Transposed;
        FloatProduct.Multiply(tile, left, right, accumulate ? output : [], output, context);
        for (var i = 0; i < output.Length; i++)
            Assert.Equal(expected[i], output[i], 1e-6 * (depth + 10));
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static TheoryData<int, int, int> MakeShapes()
    {
        var shapes = new TheoryData<int, int, int>();
        for (var size = 1; size <= 33; size++)
            shapes.Add(1 + size % 17, size, 1 + size * 5 % 19);
        shapes.Add(7, 40, 513);
        shapes.Add(205, 33, 100);
        shapes.Add(20, 530, 9);
        return shapes;
    }
}
