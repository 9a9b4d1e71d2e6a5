namespace Ayni.Kernels.Tests;

/// <summary>Each operator's vector form against its scalar reference, over lengths that leave every remainder.</summary>
public sealed class OperatorTests : IDisposable
{
    private readonly ComputeContext _scalar = new(KernelTier.Scalar, 1);
    private readonly ComputeContext _simd = new(KernelTier.Simd, 2);
    private readonly Random _random = new(5);

    public static TheoryData<int> Lengths => [1, 7, 8, 9, 31, 33, 172, 1023, 9000];

    public void Dispose()
    {
        _scalar.Dispose();
        _simd.Dispose();
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Rms_norm(int dim)
    {
        var (input, weight) = (RandomWeights.Floats(_random, 3 * dim), RandomWeights.Floats(_random, dim));
        var (expected, actual) = (new float[3 * dim], new float[3 * dim]);
        RmsNorm.Apply(input, weight, 1e-5f, expected, _scalar);
        RmsNorm.Apply(input, weight, 1e-5f, actual, _simd);
        AssertClose(expected, actual, 2e-6f);
        RmsNorm.Apply(input, weight, 1e-5f, input, _simd);
        Assert.Equal(actual, input);
    }

    [Fact]
    public void Rms_norm_of_a_worked_example()
    {
        var output = new float[2];
        RmsNorm.Apply([3, 4], [1, 2], 0, output, _simd);
        AssertClose([3 / MathF.Sqrt(12.5f), 8 / MathF.Sqrt(12.5f)], output, 1e-6f);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Swiglu(int length)
    {
        var gate = Array.ConvertAll(RandomWeights.Floats(_random, length), x => 20 * x);
        var up = RandomWeights.Floats(_random, length);
        var (expected, actual) = (new float[length], new float[length]);
        SwiGlu.Apply(gate, up, expected, _scalar);
        SwiGlu.Apply(gate, up, actual, _simd);
        AssertClose(expected, actual, 5e-6f);
    }

    [Theory]
    [InlineData(4096 + 640, 0)]
    [InlineData(4096 + 640, 5)]
    [InlineData(4096 + 17, 0)]
    [InlineData(3, 0)]
    public void Swiglu_in_place_keeps_what_it_combined(int length, int offset)
    {
        var (gate, up) = (RandomWeights.Floats(_random, length), RandomWeights.Floats(_random, length));
        var expected = new float[length];
        SwiGlu.Apply(gate, up, expected, _simd);
        var half = (length + NativeBuffer.Alignment) / NativeBuffer.Alignment * NativeBuffer.Alignment;
        using var memory = new NativeBuffer(2L * (half + NativeBuffer.Alignment) * sizeof(float));
        var keptGate = memory.Span<float>(offset, length);
        var keptUp = memory.Span<float>(half + offset, length);
        var output = (float[])gate.Clone();
        SwiGlu.Apply(output, up, output, _simd, keptGate, keptUp);
        Assert.Equal(expected, output);
        Assert.Equal(gate, keptGate);
        Assert.Equal(up, keptUp);
    }

    [Fact]
    public void Swiglu_of_extremes_stays_finite()
    {
        var output = new float[9];
        SwiGlu.Apply([-1e30f, 1e30f, -100, 100, 0, -0f, 88, -88, -104], [1, 1, 1, 1, 1, 1, 1, 1, 1], output, _simd);
        Assert.All(output, value => Assert.True(float.IsFinite(value)));
        Assert.Equal(0, output[4]);
        Assert.Equal(1e30f, output[1]);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Residual_connection(int length)
    {
        var (stream, delta) = (RandomWeights.Floats(_random, length), RandomWeights.Floats(_random, length));
        var expected = stream.Zip(delta, (a, b) => a + b).ToArray();
        Residual.Add(stream, delta);
        Assert.Equal(expected, stream);
    }

    [Fact]
    public void Softmax_sums_to_one_and_bans_negative_infinity()
    {
        double[] values = [1000, 1001, double.NegativeInfinity];
        Softmax.Apply(values);
        Assert.Equal(1 / (1 + Math.E), values[0], 12);
        Assert.Equal(1, values.Sum(), 12);
        Assert.Equal(0, values[2]);
    }

    [Fact]
    public void Rotation_keeps_lengths_and_depends_on_distance_only()
    {
        var frequencies = RotaryEmbedding.InverseFrequencies(8, 10_000, []);
        var (query, key) = (RandomWeights.Floats(_random, 8), RandomWeights.Floats(_random, 8));
        var atStart = Score(query, key, 3, 0, frequencies);
        var farAway = Score(query, key, 100_003, 100_000, frequencies);
        Assert.Equal(atStart, farAway, 4);
        Assert.NotEqual(atStart, Score(query, key, 4, 0, frequencies), 4);

        static float Score(float[] query, float[] key, int queryPosition, int keyPosition, double[] frequencies)
        {
            float[] heads = [.. query, .. key];
            var (cosines, sines) = (new float[8], new float[8]);
            RotaryEmbedding.Angles([queryPosition, keyPosition], frequencies, 1, cosines, sines);
            RotaryEmbedding.Apply(heads, 8, cosines, sines, 2);
            return heads.Take(8).Zip(heads.Skip(8), (a, b) => a * b).Sum();
        }
    }

    [Fact]
    public void Values_beyond_the_rotary_ones_are_left_alone()
    {
        float[] head = [1, 0, 5, 6];
        RotaryEmbedding.Apply(head, 4, [0], [1], 1);
        Assert.Equal([0, 1, 5, 6], head);
    }

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var allowed = tolerance * MathF.Max(1, MathF.Abs(expected[i]));
            Assert.True(MathF.Abs(expected[i] - actual[i]) <= allowed, $"[{i}] expected {expected[i]}, got {actual[i]}");
        }
    }
}
