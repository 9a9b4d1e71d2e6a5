using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Ayni.Kernels.Tests;

/// <summary>Emitted products for every target, on this processor or else emulated, against the scalar reference.</summary>
public sealed class CompiledProductTests
{
    public static TheoryData<TensorType, string> Cases
    {
        get
        {
            var cases = new TheoryData<TensorType, string>();
            // Where AVX2 is missing no machine code is emitted at all.
            foreach (var target in KernelTarget.All.Where(target => target.IsArm64 || KernelTarget.Avx2.RunsOn(ProcessorFeatures.Detect())))
            {
                // With vdpbf16ps only BF16 is multiplied otherwise.
                foreach (var type in TensorTypes.Readable.Where(type => !target.HasBFloat16 || type == TensorType.BF16))
                    cases.Add(type, target.Name);
            }
            return cases;
        }
    }

    public static TheoryData<TensorType> ReadableTypes => [.. TensorTypes.Readable];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_agree_with_the_scalar_reference_over_all_tile_remainders(TensorType type, string target)
    {
        var random = new Random(11);
        var isSlow = TargetContext.IsEmulated(target);
        foreach (var blocks in (int[])(isSlow ? [1] : [1, 2, 9]))
        {
            var columns = blocks * Math.Max(TensorTypes.FormatOf(type).Weights, 32);
            foreach (var rows in (int[])(isSlow ? [17] : [1, 16, 17, 70]))
            {
                using var pair = new Pair(type, RandomWeights.Blocks(random, type, rows * columns), rows, columns, target);
                foreach (var tokens in TargetContext.TokenCounts(isSlow))
                    pair.AssertProductsAgree(RandomWeights.Floats(random, tokens * columns));
                pair.AssertTransposedProductsAgree(RandomWeights.Floats(random, 3 * rows));
                pair.AssertRowsAreEqual();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Extreme_weights_and_activations_do_not_saturate(TensorType type, string target)
    {
        const int Rows = 18;
        var columns = Math.Max(TensorTypes.FormatOf(type).Weights, 64);
        var random = new Random(23);
        foreach (var fill in (int[])(TargetContext.IsEmulated(target) ? [0xff, 0x80, -1] : [0x00, 0xff, 0x80, 0x7f, 0x0f, 0xf0, 0x88, -1]))
        {
            // One fill for every byte but the scales, or random bytes, with scales of the greatest, the least and no size.
            var bytes = RandomWeights.Blocks(random, type, Rows * columns, fill < 0 ? null : (byte)fill, [1, -1, 1e-3f, 0, 6e-8f]);
            using var pair = new Pair(type, bytes, Rows, columns, target);
            foreach (var activations in ExtremeActivations(random, columns))
                pair.AssertProductsAgree(activations);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_tokens_product_is_the_same_to_the_bit_in_every_arrangement(TensorType type, string target)
    {
        const int Tokens = 37;
        var (rows, columns) = TargetContext.IsEmulated(target) ? (20, 256) : (150, 768);
        var random = new Random(3);
        var data = TensorData.CopyOf(RandomWeights.Blocks(random, type, rows * columns));
        var input = RandomWeights.Floats(random, Tokens * columns);
        int[]? expected = null;
        foreach (var (threads, chunk) in ((int, int)[])[(2, Tokens), (1, 1), (3, 5), (2, 16)])
        {
            using var context = TargetContext.Create(target, threads);
            using var matrix = PackedMatrix.Pack(data, type, rows, columns, context);
            var output = new float[Tokens * rows];
            for (var token = 0; token < Tokens; token += chunk)
            {
                var count = Math.Min(chunk, Tokens - token);
                matrix.Multiply(input.AsSpan(token * columns, count * columns), output.AsSpan(token * rows, count * rows), context);
            }
            EmulatingMapper.ThrowIfFailed();
            var bits = MemoryMarshal.Cast<float, int>(output).ToArray();
            expected ??= bits;
            Assert.Equal(expected, bits);
        }
    }

    [Theory]
    [MemberData(nameof(ReadableTypes))]
    public void Kernels_of_ARM64_give_the_bits_of_those_of_AVX2(TensorType type)
    {
        if (!KernelTarget.Avx2.RunsOn(ProcessorFeatures.Detect()))
            return;
        const int Rows = 50, Columns = 768;
        var random = new Random(31);
        var data = TensorData.CopyOf(RandomWeights.Blocks(random, type, Rows * Columns));
        using var arm64 = TargetContext.Create("arm64-dotprod", 2);
        using var avx2 = TargetContext.Create("avx2", 2);
        using var armMatrix = PackedMatrix.Pack(data, type, Rows, Columns, arm64);
        using var matrix = PackedMatrix.Pack(data, type, Rows, Columns, avx2);
        foreach (var tokens in (int[])[1, 2, 3, 7])
        {
            var input = RandomWeights.Floats(random, tokens * Columns);
            var (actual, expected) = (new float[tokens * Rows], new float[tokens * Rows]);
            armMatrix.Multiply(input, actual, arm64);
            matrix.Multiply(input, expected, avx2);
            Assert.Equal(MemoryMarshal.Cast<float, int>(expected), MemoryMarshal.Cast<float, int>(actual));
        }
    }

    [Fact]
    public void Kernels_can_be_those_of_AVX2_whatever_else_there_is()
    {
        using var context = new ComputeContext(KernelTier.CompiledAvx2, 1);
        Assert.Equal(KernelTarget.Avx2.RunsOn(ProcessorFeatures.Detect()) ? "avx2" : "simd", context.PackedLayout);
    }

    [Avx2Fact]
    public void Many_tokens_are_taken_in_chunks()
    {
        const int Rows = 33, Columns = 320, Tokens = 401;
        var random = new Random(9);
        using var pair = new Pair(TensorType.Q4_0, RandomWeights.Blocks(random, TensorType.Q4_0, Rows * Columns), Rows, Columns, "avx2");
        pair.AssertProductsAgree(RandomWeights.Floats(random, Tokens * Columns));
    }

    private static IEnumerable<float[]> ExtremeActivations(Random random, int columns)
    {
        yield return new float[columns];
        yield return Fill(_ => 1);
        yield return Fill(_ => -1);
        yield return Fill(i => i % 2 == 0 ? 1 : -1);
        yield return Fill(i => i % 4 < 2 ? 1 : -1);
        yield return Fill(i => i % 32 < 16 ? 1e30f : -1e30f);
        yield return Fill(i => 1e-41f * i);
        yield return Fill(i => i == 5 ? 1000 : 1e-3f);
        yield return Fill(_ => random.Next(2) == 0 ? 127 : -127);

        float[] Fill(Func<int, float> value) => [.. Enumerable.Range(0, columns).Select(value)];
    }

    private sealed class Pair : IDisposable
    {
        private readonly ComputeContext _context;
        private readonly ComputeContext _scalarContext = new(KernelTier.Scalar, 1);
        private readonly PackedMatrix _matrix;
        private readonly PackedMatrix _reference;

        public Pair(TensorType type, byte[] bytes, int rows, int columns, string target)
        {
            _context = TargetContext.Create(target, 2);
            var data = TensorData.CopyOf(bytes);
            _matrix = PackedMatrix.Pack(data, type, rows, columns, _context);
            _reference = PackedMatrix.Pack(data, type, rows, columns, _scalarContext);
        }

        /// <summary>Against exact products of the weights with activations rounded as the reference rounds them.</summary>
        public void AssertProductsAgree(float[] input)
        {
            var tokens = input.Length / _matrix.Columns;
            var output = new float[tokens * _matrix.Rows];
            _matrix.Multiply(input, output, _context);
            EmulatingMapper.ThrowIfFailed();
            AssertClose(Rounded(input), output, (row, column) => (row, column), _matrix.Rows, _matrix.Columns);
        }

        private float[] Rounded(float[] input) => _context.Kernels!.Find(_matrix.Type, _matrix.Columns)?.Layout switch
        {
            null or FloatLayout { IsPaired: false } => input,
            FloatLayout => BFloat16Reference.Round(input),
            _ => ActivationsReference.Round(input),
        };

        public void AssertTransposedProductsAgree(float[] input)
        {
            var output = new float[input.Length / _matrix.Rows * _matrix.Columns];
            _matrix.MultiplyTransposed(input, output, _context);
            AssertClose(input, output, (column, row) => (row, column), _matrix.Columns, _matrix.Rows);
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

        // Sums in double precision. Minima and scaled integers may be far greater than what is left of them, so the error is measured
        // against the greatest weight of the row's magnitude.
        private void AssertClose(float[] input, float[] actual, Func<int, int, (int Row, int Column)> place, int outputs, int terms)
        {
            var weights = new float[_matrix.Rows][];
            for (var row = 0; row < weights.Length; row++)
                _reference.CopyRow(row, weights[row] = new float[_matrix.Columns]);
            var roundings = PanelLayouts.Find(_matrix.Type) is null or FloatLayout ? terms : terms / BlockShape.Columns;
            for (var i = 0; i < actual.Length; i++)
            {
                var (token, output) = (i / outputs, i % outputs);
                var (sum, greatest, magnitude) = (0.0, 0.0, 0.0);
                for (var term = 0; term < terms; term++)
                {
                    var (row, column) = place(output, term);
                    var (weight, value) = ((double)weights[row][column], (double)input[token * terms + term]);
                    sum += weight * value;
                    greatest = Math.Max(greatest, Math.Abs(weight));
                    magnitude += Math.Abs(value);
                }
                var tolerance = 4e-7 * (roundings + 10) * greatest * magnitude + 1e-37;
                Assert.True(Math.Abs(sum - actual[i]) <= tolerance, $"[{token}, {output}]: expected {sum}, got {actual[i]}");
            }
        }
    }
}
