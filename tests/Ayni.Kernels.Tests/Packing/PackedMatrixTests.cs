using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Kernels.Tests;

public sealed class PackedMatrixTests
{
    [Theory]
    [MemberData(nameof(RandomWeights.Types), MemberType = typeof(RandomWeights))]
    public void Products_agree_with_the_scalar_reference_over_all_tile_remainders(TensorType type)
    {
        var random = new Random(11);
        foreach (var blocks in (int[])[1, 2, 9])
        {
            var columns = blocks * Math.Max(TensorTypes.FormatOf(type).Weights, 31);
            foreach (var rows in (int[])[1, 15, 16, 17, 40])
            {
                using var pair = new Pair(random, type, rows, columns);
                foreach (var tokens in (int[])[1, 2, 3, 5, 6, 7, 8, 13])
                {
                    pair.AssertProductsAgree(RandomWeights.Floats(random, tokens * columns));
                    pair.AssertTransposedProductsAgree(RandomWeights.Floats(random, tokens * rows));
                }
                pair.AssertRowsAreEqual();
            }
        }
    }

    [Fact]
    public void A_tokens_product_is_the_same_to_the_bit_whatever_stands_beside_it()
    {
        var random = new Random(3);
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var data = TensorData.CopyOf(RandomWeights.Blocks(random, TensorType.Q4_0, 50 * 640));
        using var matrix = PackedMatrix.Pack(data, TensorType.Q4_0, 50, 640, context);
        var input = RandomWeights.Floats(random, 23 * 640);
        var together = new float[23 * 50];
        matrix.Multiply(input, together, context);
        var alone = new float[50];
        for (var token = 0; token < 23; token++)
        {
            matrix.Multiply(input.AsSpan(token * 640, 640), alone, context);
            Assert.Equal(
                MemoryMarshal.Cast<float, int>(together.AsSpan(token * 50, 50)).ToArray(), MemoryMarshal.Cast<float, int>(alone).ToArray());
        }
    }

    [Fact]
    public void Multiplying_is_linear() => Prop.ForAll(
        ArbMap.Default.ArbFor<int>(),
        seed =>
        {
            var random = new Random(seed);
            using var context = new ComputeContext(KernelTier.Simd, 1);
            var (rows, columns) = (random.Next(1, 40), 32 * random.Next(1, 6));
            using var matrix = PackedMatrix.Pack(
                TensorData.CopyOf(RandomWeights.Blocks(random, TensorType.Q8_0, rows * columns)), TensorType.Q8_0, rows, columns, context);
            var input = RandomWeights.Floats(random, columns);
            var (once, twice) = (new float[rows], new float[rows]);
            matrix.Multiply(input, once, context);
            matrix.Multiply(Array.ConvertAll(input, x => 2 * x), twice, context);
            return once.Zip(twice).All(pair => 2 * pair.First == pair.Second);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var data = TensorData.CopyOf(new byte[4 * 4 * 4]);
        Assert.Throws<ShapeMismatchException>(() => PackedMatrix.Pack(data, TensorType.F32, 4, 5, context));
        Assert.Throws<ShapeMismatchException>(() => PackedMatrix.Pack(data, TensorType.Q8_0, 1, 33, context));
        Assert.Throws<NotSupportedException>(() => PackedMatrix.Pack(data, TensorType.I8, 8, 8, context));
        using var matrix = PackedMatrix.Pack(data, TensorType.F32, 4, 4, context);
        Assert.Throws<ShapeMismatchException>(() => matrix.Multiply(new float[5], new float[4], context));
        Assert.Throws<ShapeMismatchException>(() => matrix.Multiply(new float[8], new float[4], context));
        Assert.Throws<ShapeMismatchException>(() => matrix.CopyRow(0, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.CopyRow(4, new float[4]));
        matrix.Multiply([], [], context);
    }

    private sealed class Pair : IDisposable
    {
        private readonly ComputeContext _context = new(KernelTier.Simd, 2);
        private readonly ComputeContext _scalarContext = new(KernelTier.Scalar, 1);
        private readonly PackedMatrix _matrix;
        private readonly PackedMatrix _reference;

        public Pair(Random random, TensorType type, int rows, int columns)
        {
            var data = TensorData.CopyOf(RandomWeights.Blocks(random, type, rows * columns));
            _matrix = PackedMatrix.Pack(data, type, rows, columns, _context);
            _reference = PackedMatrix.Pack(data, type, rows, columns, _scalarContext);
        }

        public void AssertProductsAgree(float[] input)
        {
            var tokens = input.Length / _matrix.Columns;
            var (actual, expected) = (new float[tokens * _matrix.Rows], new float[tokens * _matrix.Rows]);
            _matrix.Multiply(input, actual, _context);
            _reference.Multiply(input, expected, _scalarContext);
            AssertClose(expected, actual, _matrix.Columns);
        }

        public void AssertTransposedProductsAgree(float[] input)
        {
            var tokens = input.Length / _matrix.Rows;
            var (actual, expected) = (new float[tokens * _matrix.Columns], new float[tokens * _matrix.Columns]);
            _matrix.MultiplyTransposed(input, actual, _context);
            _reference.MultiplyTransposed(input, expected, _scalarContext);
            AssertClose(expected, actual, _matrix.Rows);
        }

        public void AssertRowsAreEqual()
        {
            var (actual, expected) = (new float[_matrix.Columns], new float[_matrix.Columns]);
            for (var row = 0; row < _matrix.Rows; row++)
            {
                _matrix.CopyRow(row, actual);
                _reference.CopyRow(row, expected);
                Assert.Equal(expected, actual);
            }
        }

        public void Dispose()
        {
            _matrix.Dispose();
            _reference.Dispose();
            _context.Dispose();
            _scalarContext.Dispose();
        }

        // Weights reach about 2.6 and inputs 1: a sum of n products in float32 is off by some 1e-6 · √n, at most 1e-5 · n.
        private static void AssertClose(float[] expected, float[] actual, int terms)
        {
            for (var i = 0; i < expected.Length; i++)
                Assert.True(MathF.Abs(expected[i] - actual[i]) <= 1e-6f * (terms + 10), $"[{i}] expected {expected[i]}, got {actual[i]}");
        }
    }
}
