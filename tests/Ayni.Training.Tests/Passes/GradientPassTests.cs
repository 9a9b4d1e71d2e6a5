using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training.Tests;

public sealed class GradientPassTests
{
    public static TheoryData<string> Names => Shapes.Names;

    /// <summary>
    /// Along random directions of each parameter alone. Float32 losses are exact to about 1e-7 of themselves; with steps that change the
    /// loss by about 1e-2, differences are exact to some 1e-4 of the slope's size, and their own curvature adds as much.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Every_gradient_is_the_slope_of_the_loss(string name)
    {
        var model = Shapes.Create(name);
        var batch = Shapes.Batch(model, 25, 14);
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var pass = new GradientPass(model, context);
        Shapes.Compute(model, [batch]);
        var random = new Random(5);
        foreach (var parameter in model.Parameters)
        {
            // Half along the gradient itself, so that the slope is never lost in rounding.
            var length = Math.Sqrt(parameter.Gradient.Sum(g => (double)g * g));
            if (length < 1e-7)
                continue;
            var direction = parameter.Gradient.Select(g =>
                g / length + 0.5 * (random.NextDouble() * 2 - 1) / Math.Sqrt(parameter.Values.Length)).ToArray();
            var expected = direction.Zip(parameter.Gradient, (d, g) => d * g).Sum();
            var values = (float[])parameter.Values.Clone();
            // Where experts are chosen, a long step would have other tokens go to other experts, and the loss jump.
            var step = Math.Min(0.02 / expected, model.Config.Experts is null ? 2e-2 : 5e-4);
            var slope = (Loss(step) - Loss(-step)) / (2 * step);
            values.CopyTo(parameter.Values, 0);
            Assert.True(
                Math.Abs(slope - expected) <= 0.01 * expected + 2e-5 / step * 0.05,
                $"{name}, {parameter.Name} {parameter.Expert}: {slope} instead of {expected} with steps of {step}");

            double Loss(double distance)
            {
                for (var i = 0; i < values.Length; i++)
                    parameter.Values[i] = (float)(values[i] + distance * direction[i]);
                return pass.Evaluate(batch) / batch.LossTerms;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_number_of_threads_gives_the_same_bits(string name)
    {
        var model = Shapes.Create(name);
        var batch = Shapes.Batch(model, 90, 33, 1, 190);
        var one = Shapes.Compute(model, [batch], threads: 1);
        foreach (var threads in (int[])[2, 3])
        {
            var several = Shapes.Compute(model, [batch], threads);
            Assert.Equal(one.Loss, several.Loss);
            Assert.Equal(one.Gradients, several.Gradients);
        }
    }

    /// <summary>
    /// The gradients of weights are multiplied before all tokens are through: after 512 of them on one thread, 1,536 on nine.
    /// </summary>
    [Theory]
    [InlineData("grouped queries", ProductPrecision.F32)]
    [InlineData("grouped queries", ProductPrecision.BF16)]
    [InlineData("rows of whole vectors", ProductPrecision.BF16)]
    public void Gradients_of_weights_are_the_same_bits_after_however_many_tokens_they_are_multiplied(
        string name, ProductPrecision precision)
    {
        var model = Shapes.Create(name);
        var batch = Shapes.Batch(model, [.. Enumerable.Repeat(110, 10), 1]);
        var one = Shapes.Compute(model, [batch], threads: 1, precision: precision);
        var nine = Shapes.Compute(model, [batch], threads: 9, precision: precision);
        Assert.Equal(one.Loss, nine.Loss);
        Assert.Equal(one.Gradients, nine.Gradients);
    }

    /// <summary>
    /// Each operand is off by at most 1/256 of itself, and a gradient behind some layers by the sum of such errors, which are as often up
    /// as down. Measured over these shapes, whose weights are a dozen times those of a new model: up to 4.8 % of the gradient's size, no
    /// matter where rows are rounded, and 20 % of that of one expert, for which some tokens are chosen anew.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_in_BF16_are_near_those_in_float32_and_the_same_bits_for_any_number_of_threads(string name)
    {
        var model = Shapes.Create(name);
        var batch = Shapes.Batch(model, 90, 33, 1, 191);
        var exact = Shapes.Compute(model, [batch]);
        var rounded = Shapes.Compute(model, [batch], precision: ProductPrecision.BF16);
        var parallel = Shapes.Compute(model, [batch], threads: 3, recompute: true, precision: ProductPrecision.BF16);
        Assert.Equal(rounded.Loss, parallel.Loss);
        Assert.Equal(rounded.Gradients, parallel.Gradients);
        Assert.InRange(Math.Abs(rounded.Loss - exact.Loss) / exact.Loss, 0, 0.003);
        Assert.InRange(RelativeDifference(exact.Gradients, rounded.Gradients), 1e-5, 0.05);
        var start = 0;
        foreach (var parameter in model.TrainableParameters)
        {
            var part = start..(start += parameter.Gradient.Length);
            var difference = RelativeDifference(exact.Gradients[part], rounded.Gradients[part]);
            Assert.True(difference < 0.3, $"{parameter.Name}: {difference}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Recomputing_gives_the_same_bits(string name)
    {
        var model = Shapes.Create(name);
        var batch = Shapes.Batch(model, 50, 20);
        var kept = Shapes.Compute(model, [batch]);
        var recomputed = Shapes.Compute(model, [batch], recompute: true);
        Assert.Equal(kept.Loss, recomputed.Loss);
        Assert.Equal(kept.Gradients, recomputed.Gradients);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Documents_packed_together_learn_as_documents_alone(string name)
    {
        var model = Shapes.Create(name);
        var documents = Shapes.Documents(model, 30, 1, 17, 80);
        var packed = Shapes.Compute(model, [TrainingBatch.Create(documents, model.Config)]);
        var alone = Shapes.Compute(model, [.. documents.Select(document => TrainingBatch.Create([document], model.Config))]);
        Assert.Equal(packed.Loss, alone.Loss, 1e-6);
        AssertClose(packed.Gradients, alone.Gradients);
    }

    [Fact]
    public void Tied_embeddings_get_the_gradients_of_both_uses()
    {
        var tied = Shapes.Create("grouped queries", tied: true);
        var untied = Shapes.Create("grouped queries");
        foreach (var (to, from) in untied.Parameters.SkipLast(1).Zip(tied.Parameters))
            from.Values.CopyTo(to.Values, 0);
        tied.Parameters[0].Values.CopyTo(untied.Parameters[^1].Values, 0);
        Shapes.Compute(tied, [Shapes.Batch(tied, 40)]);
        Shapes.Compute(untied, [Shapes.Batch(untied, 40)]);
        float[] both = [.. untied.Parameters[0].Gradient.Zip(untied.Parameters[^1].Gradient, (a, b) => a + b)];
        AssertClose(both, tied.Parameters[0].Gradient);
    }

    [Fact]
    public void Biases_of_every_projection_have_the_slope_of_the_loss()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("model.gguf");
        new Ayni.Tests.TinyModel { Dim = 32, HasBiases = true }.Save(path);
        using var source = ModelSource.Open(path);
        var model = TrainableModel.Load(source);
        var biases = model.Parameters.Where(parameter => parameter.Role == ParameterRole.Bias).ToArray();
        Assert.Equal(7 * model.Config.LayerCount, biases.Length);
        var batch = Shapes.Batch(model, 40);
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var pass = new GradientPass(model, context);
        Shapes.Compute(model, [batch]);
        // Along all of the biases at once; softmax does not see that of the keys, whose gradient is next to nothing.
        var expected = biases.Sum(bias => bias.Gradient.Sum(g => (double)g * g));
        var slope = (Loss(1) - Loss(-1)) / (2 * Step(1));
        Assert.InRange(slope / Math.Sqrt(expected), 0.98, 1.02);

        double Step(int sign) => sign * Math.Min(0.02, 0.02 / Math.Sqrt(expected));

        double Loss(int sign)
        {
            var values = biases.Select(bias => (float[])bias.Values.Clone()).ToArray();
            foreach (var bias in biases)
            {
                for (var i = 0; i < bias.Values.Length; i++)
                    bias.Values[i] += (float)(Step(sign) * bias.Gradient[i] / Math.Sqrt(expected));
            }
            var loss = pass.Evaluate(batch) / batch.LossTerms;
            foreach (var (bias, value) in biases.Zip(values))
                value.CopyTo(bias.Values, 0);
            return loss;
        }
    }

    [Fact]
    public void A_batch_with_nothing_to_learn_has_no_loss_and_no_gradient()
    {
        var model = Shapes.Create("grouped queries");
        var batch = TrainingBatch.Create([(new[] { 1, 2, 3 }, new[] { 1, TrainingBatch.Masked, TrainingBatch.Masked })], model.Config);
        Assert.Equal(0, batch.LossTerms);
        using var context = new ComputeContext(KernelTier.Simd, 1);
        Assert.Equal(0, new GradientPass(model, context).AddGradients(batch, 1));
        Assert.All(model.Parameters, parameter => Assert.All(parameter.Gradient, gradient => Assert.Equal(0, gradient)));
    }

    private static void AssertClose(float[] expected, float[] actual) =>
        Assert.InRange(RelativeDifference(expected, actual), 0, 1e-5);

    private static double RelativeDifference(float[] expected, float[] actual)
    {
        var size = Math.Sqrt(expected.Sum(e => (double)e * e) / expected.Length);
        var difference = Math.Sqrt(expected.Zip(actual, (e, a) => (double)(e - a) * (e - a)).Sum() / expected.Length);
        return difference / size;
    }
}
