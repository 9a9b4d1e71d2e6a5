namespace Ayni.Kernels.Tests;

/// <summary>Rows that are rounded to BF16 where they are computed, on this processor or else emulated.</summary>
public sealed unsafe class RoundedRowsTests
{
    // Of a result that was computed in other last bits and then rounded: one unit of eight bits, or nothing of consequence beside one.
    private const double Unit = 1.0 / 128;

    [Theory]
    [InlineData(1, 32, 1)]
    [InlineData(8, 32, 5)]
    [InlineData(13, 64, 33)]
    [InlineData(70, 768, 40)]
    [InlineData(17, 1056, 70)]
    public void Their_products_have_the_bits_of_those_that_round_them_on_the_way(int rows, int depth, int columns)
    {
        var left = Numbers(rows * depth, 1);
        var right = Numbers(depth * columns, 2);
        foreach (var (name, context) in BFloat16Contexts.Emitting(rows * depth * columns))
        {
            using (context)
            {
                var packed = new PackedOperand(OperandSide.Right);
                packed.Pack(new MatrixView(right, depth, columns), ProductPrecision.BF16, context);
                var rounded = Rounded(left, rows, depth);
                foreach (var addend in (float[][])[[], Numbers(rows * columns, 3)])
                {
                    var (expected, actual) = (new float[rows * columns], new float[rows * columns]);
                    FloatProduct.Multiply(new MatrixView(left, rows, depth), packed, addend, expected, context);
                    FloatProduct.Multiply(rounded, packed, addend, actual, context);
                    EmulatingMapper.ThrowIfFailed();
                    Assert.True(expected.AsSpan().SequenceEqual(actual), name);
                }
            }
        }
    }

    [Theory]
    [InlineData(1, 32)]
    [InlineData(5, 96)]
    [InlineData(64, 256)]
    public void Normalized_rows_are_those_of_the_definition(int tokens, int dim)
    {
        const float Epsilon = 1e-5f;
        var (input, weight) = (Numbers(tokens * dim, 1), Numbers(dim, 2));
        foreach (var (name, context) in BFloat16Contexts.Emitting(tokens * dim))
        {
            using (context)
            {
                var output = new RoundedRows();
                output.Reserve(tokens, dim);
                RmsNorm.Apply(input, weight, Epsilon, output, context);
                EmulatingMapper.ThrowIfFailed();
                var actual = Values(output);
                for (var i = 0; i < input.Length; i++)
                {
                    var square = input.AsSpan(i / dim * dim, dim).ToArray().Average(x => (double)x * x);
                    AssertNear(input[i] / Math.Sqrt(square + Epsilon) * weight[i % dim], actual[i], $"{name}, {i}");
                }
            }
        }
    }

    [Theory]
    [InlineData(1, 32)]
    [InlineData(5, 96)]
    [InlineData(64, 256)]
    public void Gates_are_combined_as_defined_and_kept(int tokens, int width)
    {
        var (gate, up) = (Gates(tokens * width), Numbers(tokens * width, 2));
        foreach (var (name, context) in BFloat16Contexts.Emitting(tokens * width))
        {
            using (context)
            {
                var output = new RoundedRows();
                output.Reserve(tokens, width);
                using var kept = new NativeBuffer(2L * gate.Length * sizeof(ushort));
                var keptGate = kept.Span<ushort>(0, gate.Length);
                var keptUp = kept.Span<ushort>(gate.Length, gate.Length);
                SwiGlu.Apply(gate, up, output, keptGate, keptUp, context);
                EmulatingMapper.ThrowIfFailed();
                Assert.True(keptGate.SequenceEqual(Rounded(gate)), name);
                Assert.True(keptUp.SequenceEqual(Rounded(up)), name);
                var actual = Values(output);
                for (var i = 0; i < gate.Length; i++)
                    AssertNear(gate[i] / (1 + Math.Exp(-gate[i])) * up[i], actual[i], $"{name}, {i}");
            }
        }
    }

    /// <summary>
    /// Tokens that are a part of those whose gradients are summed: at their beginning, across a cut of the sums, and an odd end.
    /// </summary>
    [Theory]
    [InlineData(2, 32, 0, 2)]
    [InlineData(7, 64, 2, 5)]
    [InlineData(160, 64, 0, 64)]
    [InlineData(1100, 64, 480, 80)]
    [InlineData(575, 32, 511 - 1, 65)]
    public void Gradients_of_gates_are_those_of_the_definition_in_every_form(int all, int width, int start, int tokens)
    {
        var (gate, up) = (Rounded(Gates(tokens * width)), Rounded(Numbers(tokens * width, 2)));
        var gradient = Numbers(tokens * width, 3);
        foreach (var (name, context) in BFloat16Contexts.Emitting(tokens * width))
        {
            using (context)
            {
                var (gateRows, upRows) = (new RoundedRows(), new RoundedRows());
                gateRows.Reserve(tokens, width);
                upRows.Reserve(tokens, width);
                PackedOperand[] packed = [new(OperandSide.Left), new(OperandSide.Left), new(OperandSide.Right)];
                foreach (var operand in packed)
                    operand.Pack(new MatrixView(new float[all * width], all, width), ProductPrecision.BF16, context);
                new RoundedGateGradients(gateRows, upRows, packed[0], packed[1], packed[2]).Compute(gate, up, gradient, start, context);
                EmulatingMapper.ThrowIfFailed();

                var outputs = new float[gate.Length];
                var (gates, ups) = (Values(gateRows), Values(upRows));
                for (var i = 0; i < gate.Length; i++)
                {
                    var (g, u) = ((double)Number(gate[i]), (double)Number(up[i]));
                    var sigmoid = 1 / (1 + Math.Exp(-g));
                    AssertNear(gradient[i] * u * (sigmoid + g * sigmoid * (1 - sigmoid)), gates[i], $"{name}, gate {i}");
                    AssertNear(gradient[i] * g * sigmoid, ups[i], $"{name}, up {i}");
                    outputs[i] = (float)(g * sigmoid * u);
                }
                AssertPacked(gates, all, start, 0, packed[0], name, context);
                AssertPacked(ups, all, start, 0, packed[1], name, context);
                AssertPacked(outputs, all, start, Unit, packed[2], name, context);
            }
        }
    }

    [Theory]
    [InlineData(2, 32, 0, 2)]
    [InlineData(7, 64, 2, 5)]
    [InlineData(160, 64, 0, 64)]
    [InlineData(1100, 64, 480, 80)]
    [InlineData(575, 32, 511 - 1, 65)]
    public void Gradients_of_norms_are_those_of_the_definition_in_every_form(int all, int dim, int start, int tokens)
    {
        const float Epsilon = 1e-5f;
        var (input, gradient, weight) = (Numbers(tokens * dim, 1), Numbers(tokens * dim, 2), Numbers(dim, 3));
        foreach (var (name, context) in BFloat16Contexts.Emitting(tokens * dim))
        {
            using (context)
            {
                foreach (var givesGradients in (bool[])[false, true])
                {
                    var rows = new RoundedRows();
                    rows.Reserve(tokens, dim);
                    PackedOperand[] packed = [new(OperandSide.Right), new(OperandSide.Left)];
                    foreach (var operand in packed)
                        operand.Pack(new MatrixView(new float[all * dim], all, dim), ProductPrecision.BF16, context);
                    var (inputGradient, weightGradient) = (Numbers(tokens * dim, 4), Numbers(dim, 5));
                    (givesGradients ? new RoundedNormGradient(packed[0], rows, packed[1]) : new RoundedNormGradient(packed[0])).Add(
                        input, weight, Epsilon, gradient, inputGradient, weightGradient, start, context);
                    EmulatingMapper.ThrowIfFailed();

                    var normed = new float[input.Length];
                    var (inputs, weights) = (Numbers(tokens * dim, 4), Numbers(dim, 5).Select(value => (double)value).ToArray());
                    for (var i = 0; i < input.Length; i++)
                    {
                        var (row, column) = (i / dim * dim, i % dim);
                        var square = Enumerable.Range(row, dim).Average(j => (double)input[j] * input[j]);
                        var product = Enumerable.Range(row, dim).Average(j => (double)input[j] * gradient[j] * weight[j - row]);
                        var factor = 1 / Math.Sqrt(square + Epsilon);
                        normed[i] = (float)(input[i] * factor * weight[column]);
                        weights[column] += gradient[i] * factor * input[i];
                        var expected = inputs[i] + gradient[i] * weight[column] * factor - input[i] * factor * factor * factor * product;
                        Assert.True(Math.Abs(expected - inputGradient[i]) < 1e-5, $"{name}, {i}: {inputGradient[i]} instead of {expected}");
                    }
                    for (var i = 0; i < dim; i++)
                        Assert.Equal(weights[i], weightGradient[i], 1e-4);
                    AssertPacked(normed, all, start, Unit, packed[0], name, context);
                    if (!givesGradients)
                        continue;
                    Assert.Equal(Rounded(inputGradient).Select(Number), Values(rows));
                    AssertPacked(inputGradient, all, start, 0, packed[1], name, context);
                }
            }
        }
    }

    [Fact]
    public void What_is_no_number_stays_none_and_large_gates_are_open_or_closed()
    {
        float[] gate = [.. Enumerable.Repeat(float.NaN, 8), .. Enumerable.Repeat(200f, 8), .. Enumerable.Repeat(-200f, 16)];
        var up = Enumerable.Repeat(2f, 32).ToArray();
        foreach (var (_, context) in BFloat16Contexts.Emitting(gate.Length))
        {
            using (context)
            {
                var output = new RoundedRows();
                output.Reserve(1, 32);
                using var kept = new NativeBuffer(128);
                SwiGlu.Apply(gate, up, output, kept.Span<ushort>(0, 32), kept.Span<ushort>(32, 32), context);
                EmulatingMapper.ThrowIfFailed();
                Assert.All(Values(output)[..8], value => Assert.True(float.IsNaN(value)));
                Assert.All(Values(output)[8..16], value => Assert.Equal(400, value));
                Assert.All(Values(output)[16..], value => Assert.Equal(0, value));
            }
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        var rows = new RoundedRows();
        Assert.Throws<ArgumentException>(() => rows.Reserve(4, 33));
        Assert.Throws<ArgumentException>(() => rows.Reserve(4, 0));
        rows.Reserve(2, 32);
        foreach (var (_, context) in BFloat16Contexts.Emitting(64))
        {
            using (context)
            {
                Assert.True(RoundedRows.AreMadeBy(context, 64));
                Assert.False(RoundedRows.AreMadeBy(context, 48));
                Assert.Throws<ShapeMismatchException>(() => RmsNorm.Apply(new float[32], new float[32], 1, rows, context));
                Assert.Throws<ShapeMismatchException>(
                    () => SwiGlu.Apply(new float[64], new float[64], rows, new ushort[64], new ushort[32], context));
                var packed = new PackedOperand(OperandSide.Right);
                packed.Pack(new MatrixView(new float[64], 32, 2), ProductPrecision.F32, context);
                Assert.Throws<ArgumentException>(() => FloatProduct.Multiply(rows, packed, [], new float[4], context));
                packed.Pack(new MatrixView(new float[64], 64, 1), ProductPrecision.BF16, context);
                Assert.Throws<ShapeMismatchException>(() => FloatProduct.Multiply(rows, packed, [], new float[2], context));
                using var kept = new NativeBuffer(512);
                Assert.Throws<ArgumentException>(() => SwiGlu.Apply(
                    new float[64], new float[64], rows, kept.Span<ushort>(1, 64), kept.Span<ushort>(128, 64), context));
            }
        }
        using var portable = new ComputeContext(KernelTier.Simd, 1);
        Assert.False(RoundedRows.AreMadeBy(portable, 64));
        Assert.Throws<NotSupportedException>(() => RmsNorm.Apply(new float[64], new float[32], 1, rows, portable));
    }

    /// <summary>An operand is zero but for a part that it is packed of.</summary>
    private static void AssertPacked(
        float[] part, int all, int start, double tolerance, PackedOperand actual, string name, ComputeContext context)
    {
        var whole = new float[all * actual.Count];
        part.CopyTo(whole.AsSpan(start * actual.Count));
        var expected = new PackedOperand(actual.Side);
        expected.Pack(new MatrixView(whole, all, actual.Count), ProductPrecision.BF16, context);
        EmulatingMapper.ThrowIfFailed();
        for (var i = 0; i < (all + 1) / 2 * 2 * actual.Count; i++)
        {
            var (e, a) = (Number(((ushort*)expected.Panels)[i]), Number(((ushort*)actual.Panels)[i]));
            Assert.True(Math.Abs(e - a) <= tolerance * Math.Abs(e), $"{name}, {actual.Side} {i}: {a} instead of {e}");
        }
    }

    [Fact]
    public void Operands_that_do_not_fit_are_refused()
    {
        foreach (var (_, context) in BFloat16Contexts.Emitting(64))
        {
            using (context)
            {
                var rows = new RoundedRows();
                rows.Reserve(2, 32);
                PackedOperand Packed(OperandSide side, int tokens, int values, ProductPrecision precision = ProductPrecision.BF16)
                {
                    var operand = new PackedOperand(side);
                    operand.Pack(new MatrixView(new float[tokens * values], tokens, values), precision, context);
                    return operand;
                }
                var (left, right) = (Packed(OperandSide.Left, 4, 32), Packed(OperandSide.Right, 4, 32));
                void AddNorm(RoundedNormGradient target, int values = 32, int start = 0, float epsilon = 1) => target.Add(
                    new float[2 * values], new float[values], epsilon, new float[2 * values], new float[2 * values], new float[values],
                    start, context);
                void ComputeGates(PackedOperand gates, PackedOperand outputs, int start = 0) =>
                    new RoundedGateGradients(rows, rows, gates, left, outputs).Compute(
                        new ushort[64], new ushort[64], new float[64], start, context);

                AddNorm(new(right));
                AddNorm(new(right, rows, left), start: 2);
                Assert.Throws<ArgumentException>(() => AddNorm(new(Packed(OperandSide.Right, 4, 48)), values: 48));
                Assert.Throws<ArgumentException>(() => AddNorm(new(new PackedOperand(OperandSide.Right))));
                Assert.Throws<ArgumentException>(() => AddNorm(new(left)));
                Assert.Throws<ArgumentException>(() => AddNorm(new(Packed(OperandSide.Right, 4, 32, ProductPrecision.F32))));
                Assert.Throws<ArgumentException>(() => AddNorm(new(right, rows)));
                Assert.Throws<ArgumentException>(() => AddNorm(new(right, null, left)));
                Assert.Throws<ArgumentException>(() => AddNorm(new(right), start: 1));
                Assert.Throws<ArgumentOutOfRangeException>(() => AddNorm(new(right), start: 4));
                Assert.Throws<ArgumentOutOfRangeException>(() => AddNorm(new(right), epsilon: 0));
                Assert.Throws<ShapeMismatchException>(() => AddNorm(new(right, rows, Packed(OperandSide.Left, 6, 32))));
                ComputeGates(left, right, start: 2);
                Assert.Throws<ArgumentException>(() => ComputeGates(right, right));
                Assert.Throws<ArgumentException>(() => ComputeGates(left, left));
                Assert.Throws<ArgumentException>(() => ComputeGates(left, right, start: 1));
                Assert.Throws<ArgumentOutOfRangeException>(() => ComputeGates(left, right, start: 4));
                Assert.Throws<ShapeMismatchException>(() => ComputeGates(Packed(OperandSide.Left, 4, 64), right));
                Assert.Throws<ShapeMismatchException>(() => ComputeGates(left, Packed(OperandSide.Right, 6, 32)));
                EmulatingMapper.ThrowIfFailed();
            }
        }
    }

    private static void AssertNear(double expected, float actual, string what) =>
        Assert.True(Math.Abs(expected - actual) <= Unit * Math.Abs(expected) + 1e-30, $"{what}: {actual} instead of {expected}");

    private static RoundedRows Rounded(float[] values, int count, int depth)
    {
        var rows = new RoundedRows();
        rows.Reserve(count, depth);
        Rounded(values).CopyTo(new Span<ushort>(rows.Pairs, values.Length));
        return rows;
    }

    private static ushort[] Rounded(float[] values) => [.. values.Select(BFloat16Reference.RoundNormal)];

    private static float[] Values(RoundedRows rows) =>
        [.. new Span<ushort>(rows.Pairs, rows.Count * rows.Depth).ToArray().Select(Number)];

    private static float Number(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static float[] Gates(int count) => [.. Numbers(count, 4).Select(value => 30 * value)];

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
