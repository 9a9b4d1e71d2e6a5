using Ayni.Kernels;

namespace Ayni.Training.Tests;

public sealed class LoadBalanceTests
{
    private static readonly float Score = MathF.Log(3);

    /// <summary>
    /// Three tokens give expert 0 the probability 3/4 and one gives it 1/4: f = (3/4, 1/4), P = (5/8, 3/8), 2·(3/4·5/8 + 1/4·3/8) = 9/8.
    /// For the first token Σ f·p = 5/8, so its gradient is 2/4 · 3/4 · (3/4 − 5/8) = 3/64 and as much less for the other expert.
    /// </summary>
    [Fact]
    public void A_loss_and_its_gradient_are_those_worked_out_by_hand()
    {
        float[] scores = [Score, 0, Score, 0, 0, Score, Score, 0];
        var routing = new Routing();
        routing.Choose(scores, 2);
        Assert.Equal(9 / 8.0, LoadBalance.Loss(scores, routing, 2), 1e-7);
        var gradient = new float[8];
        LoadBalance.AddGradient(scores, routing, 2, 1, gradient);
        Assert.Equal(3 / 64.0, gradient[0], 1e-7);
        Assert.Equal(-3 / 64.0, gradient[1], 1e-7);
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(50, 4.0)]
    public void It_is_one_for_equal_experts_and_their_number_where_one_does_everything(float scoreOfTheFirst, double expected)
    {
        var scores = new float[4 * 4];
        for (var token = 0; token < 4; token++)
            scores[token * 4 + (scoreOfTheFirst > 0 ? 0 : token)] += Math.Max(1e-4f, scoreOfTheFirst);
        var routing = new Routing();
        routing.Choose(scores, 4);
        Assert.Equal(expected, LoadBalance.Loss(scores, routing, 4), 1e-4);
    }

    [Fact]
    public void Its_gradient_is_its_slope()
    {
        var random = new Random(3);
        float[] scores = [.. Enumerable.Range(0, 5 * 3).Select(_ => 4 * random.NextSingle())];
        var routing = new Routing();
        routing.Choose(scores, 3);
        var gradient = new float[scores.Length];
        LoadBalance.AddGradient(scores, routing, 3, 0.5, gradient);
        for (var i = 0; i < scores.Length; i++)
        {
            // The choice stays: by the definition it has no gradient.
            var (less, more) = ((float[])scores.Clone(), (float[])scores.Clone());
            (less[i], more[i]) = (less[i] - 1e-2f, more[i] + 1e-2f);
            var slope = 0.5 * (LoadBalance.Loss(more, routing, 3) - LoadBalance.Loss(less, routing, 3)) / ((double)more[i] - less[i]);
            Assert.Equal(slope, gradient[i], 1e-5);
        }
    }

    [Fact]
    public void A_pass_adds_its_gradient_to_the_routers_by_the_batchs_part_of_the_loss_terms()
    {
        var model = Shapes.Create("experts");
        var batch = Shapes.Batch(model, 25, 14);
        var router = model.Parameters.Single(parameter => parameter.Name.Contains("ffn_gate_inp", StringComparison.Ordinal));
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var (without, with, half) = (Gradient(0, 1), Gradient(0.5, 1), Gradient(0.5, 2));
        Assert.NotEqual(without, with);
        // The loss's own gradient halves as well.
        Assert.All(with.Zip(half), pair => Assert.Equal(pair.First / 2, pair.Second, 1e-6));
        Assert.Equal(Gradient(0.5, 1, recompute: true), with);

        float[] Gradient(double balance, int batches, bool recompute = false)
        {
            foreach (var parameter in model.Parameters)
                Array.Clear(parameter.Gradient);
            new GradientPass(model, context, recompute, balance: balance).AddGradients(batch, batches * batch.LossTerms);
            return (float[])router.Gradient.Clone();
        }
    }
}
