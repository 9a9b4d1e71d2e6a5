using System.Runtime.Intrinsics;

namespace Ayni.Kernels.Tests;

/// <summary>Operators of training that go element by element or row by row, against their definitions in double precision.</summary>
public sealed class ElementGradientTests
{
    [Fact]
    public void The_exponential_is_within_two_units_of_the_last_place()
    {
        var random = new Random(1);
        for (var round = 0; round < 20_000; round++)
        {
            var x = (random.NextSingle() - 0.5f) * 170;
            var expected = Math.Exp(x);
            Assert.InRange(Exponential.Of(Vector256.Create(x))[0], expected * (1 - 2.4e-7), expected * (1 + 2.4e-7));
            Assert.Equal(Exponential.Of(Vector256.Create(x))[0], Exponential.Of(Vector512.Create(x))[0]);
        }
        foreach (var x in (float[])[0, -90, 90, float.MinValue, float.MaxValue, float.NegativeInfinity, float.PositiveInfinity, float.NaN])
            Assert.Equal(Exponential.Of(Vector256.Create(x))[0], Exponential.Of(Vector512.Create(x))[0]);
        Assert.Equal(1, Exponential.Of(Vector256<float>.Zero)[0]);
        Assert.Equal(0, Exponential.Of(Vector256.Create(-90f))[0]);
        Assert.Equal(0, Exponential.Of(Vector256.Create(float.NegativeInfinity))[0]);
        Assert.True(float.IsNaN(Exponential.Of(Vector256.Create(float.NaN))[0]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(5003)]
    public void The_gate_s_gradients_are_those_of_the_definition(int length)
    {
        using var context = new ComputeContext(KernelTier.Simd, 2);
        float[][] values = [Numbers(length, 1), Numbers(length, 2), Numbers(length, 3)];
        float[][] results = [.. values.Select(array => (float[])array.Clone())];
        SwiGluGradient.Apply(results[0], results[1], results[2], context);
        for (var i = 0; i < length; i++)
        {
            var (gate, up, gradient) = ((double)values[0][i], (double)values[1][i], (double)values[2][i]);
            var sigmoid = 1 / (1 + Math.Exp(-gate));
            Assert.Equal(gradient * up * (sigmoid + gate * sigmoid * (1 - sigmoid)), results[0][i], 1e-5);
            Assert.Equal(gradient * gate * sigmoid, results[1][i], 1e-5);
            Assert.Equal(gate * sigmoid * up, results[2][i], 1e-5);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(40_003)]
    public void A_weighted_sum_may_be_written_over_what_is_summed(int length)
    {
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var (first, second) = (Numbers(length, 1), Numbers(length, 2));
        var expected = first.Zip(second, (a, b) => a * 0.75f + b * -1.5f).ToArray();
        var sums = new float[length];
        WeightedSum.Write(first, 0.75f, second, -1.5f, sums, context);
        Assert.Equal(expected, sums);
        WeightedSum.Write(first, 0.75f, second, -1.5f, second, context);
        Assert.Equal(expected, second);
        Assert.Throws<ShapeMismatchException>(() => WeightedSum.Write(first, 1, new float[length + 1], 1, sums, context));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(1003)]
    public void Cross_entropy_and_its_gradient_are_those_of_the_definition(int vocabulary)
    {
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var logits = Numbers(5 * vocabulary, 1).Select(x => 20 * x).ToArray();
        var gradients = (float[])logits.Clone();
        int[] targets = [0, vocabulary - 1, vocabulary / 2, 0, vocabulary / 3];
        var losses = new double[5];
        CrossEntropy.Apply(gradients, targets, 0.25f, losses, context);
        for (var row = 0; row < 5; row++)
        {
            var sum = Enumerable.Range(0, vocabulary).Sum(i => Math.Exp(logits[row * vocabulary + i]));
            Assert.Equal(Math.Log(sum) - logits[row * vocabulary + targets[row]], losses[row], 1e-5);
            for (var i = 0; i < vocabulary; i++)
            {
                var expected = 0.25 * (Math.Exp(logits[row * vocabulary + i]) / sum - (i == targets[row] ? 1 : 0));
                Assert.Equal(expected, gradients[row * vocabulary + i], 1e-6);
            }
        }
    }

    [Fact]
    public void Cross_entropy_refuses_a_target_outside_the_vocabulary()
    {
        using var context = new ComputeContext(KernelTier.Simd, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => CrossEntropy.Apply(new float[4], [4], 1, new double[1], context));
        Assert.Throws<ArgumentOutOfRangeException>(() => CrossEntropy.Apply(new float[4], [-100], 1, new double[1], context));
    }

    [Theory]
    [InlineData(6, 6)]
    [InlineData(8, 8)]
    [InlineData(20, 12)]
    public void Turning_is_what_the_engine_does_and_turning_back_undoes_it(int headDim, int rotaryDim)
    {
        using var context = new ComputeContext(KernelTier.Simd, 2);
        const int Tokens = 37;
        const int Heads = 3;
        var pairs = rotaryDim / 2;
        var (cosines, sines) = (new float[Tokens * pairs], new float[Tokens * pairs]);
        RotaryEmbedding.Angles(
            Enumerable.Range(0, Tokens).ToArray(), RotaryEmbedding.InverseFrequencies(rotaryDim, 10_000, []), 1, cosines, sines);
        var values = Numbers(Tokens * Heads * headDim, 1);
        var (expected, turned) = ((float[])values.Clone(), (float[])values.Clone());
        RotaryEmbedding.Apply(expected, headDim, cosines, sines, Tokens);
        var positions = Enumerable.Range(0, Tokens).ToArray();
        RotaryTurn.Apply(turned, headDim, positions, cosines, sines, pairs, backwards: false, context);
        AssertClose(expected, turned);
        RotaryTurn.Apply(turned, headDim, positions, cosines, sines, pairs, backwards: true, context);
        AssertClose(values, turned);
    }

    [Fact]
    public void Dropout_drops_its_share_and_keeps_the_mean()
    {
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var output = new float[100_000];
        Dropout.Apply(Enumerable.Repeat(1f, output.Length).ToArray(), output, 0.25, 5, context);
        Assert.InRange(output.Count(x => x == 0), 24_000, 26_000);
        Assert.InRange(output.Average(), 0.98f, 1.02f);
    }

    [Fact]
    public void Rows_are_looked_up_put_back_and_added_to()
    {
        using var context = new ComputeContext(KernelTier.Simd, 3);
        const int Columns = 130;
        var matrix = Numbers(9 * Columns, 1);
        int[] rows = [.. Enumerable.Range(0, 200).Select(i => i * i % 9)];
        var selected = new float[rows.Length * Columns];
        SelectedRows.Gather(matrix, rows, selected, context);
        for (var i = 0; i < rows.Length; i++)
            Assert.Equal(matrix.AsSpan(rows[i] * Columns, Columns), selected.AsSpan(i * Columns, Columns));

        var put = new float[matrix.Length];
        int[] order = [8, 1, 0, 3];
        SelectedRows.Scatter(selected.AsSpan(0, order.Length * Columns), order, put, context);
        for (var row = 0; row < 9; row++)
        {
            var from = Array.IndexOf(order, row);
            Assert.Equal(from < 0 ? new float[Columns] : selected.AsSpan(from * Columns, Columns), put.AsSpan(row * Columns, Columns));
        }

        var (expected, added) = ((float[])matrix.Clone(), (float[])matrix.Clone());
        for (var i = 0; i < selected.Length; i++)
            expected[rows[i / Columns] * Columns + i % Columns] += selected[i];
        SelectedRows.Add(selected, rows, added, context);
        Assert.Equal(expected, added);
        GradientSums.Clear(added, context);
        Assert.All(added, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Sums_are_those_of_the_definition()
    {
        using var context = new ComputeContext(KernelTier.Simd, 3);
        var values = Numbers(40_007, 1);
        Assert.Equal(values.Sum(x => (double)x * x), GradientSums.OfSquares(values, context), 1e-8);
        var sums = Numbers(11, 2);
        var expected = sums.Select((x, i) => x + Enumerable.Range(0, 200).Sum(row => (double)values[row * 11 + i])).ToArray();
        GradientSums.AddRows(values.AsSpan(0, 200 * 11), sums, context);
        for (var i = 0; i < sums.Length; i++)
            Assert.Equal(expected[i], sums[i], 1e-4);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-6);
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
