using Ayni.Kernels;

namespace Ayni.Training.Tests;

public sealed class MuonTests
{
    [Theory]
    [InlineData(8, 8)]
    [InlineData(8, 20)]
    [InlineData(20, 8)]
    public void A_step_is_nearly_orthogonal(int rows, int columns)
    {
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var random = new Random(3);
        var matrix = Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - 0.5f).ToArray();
        new Muon([], new MuonSettings(), new AdamWSettings(), context).Orthogonalize(matrix, rows, columns);
        // All singular values lie between 0.6 and 1.3, so the mean of their squares does.
        var squares = matrix.Sum(x => (double)x * x) / Math.Min(rows, columns);
        Assert.InRange(squares, 0.6 * 0.6, 1.3 * 1.3);
        // Of a matrix near an orthogonal one, the Gram matrix is near the identity.
        var (small, large) = (Math.Min(rows, columns), Math.Max(rows, columns));
        for (var i = 0; i < small; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var product = Enumerable.Range(0, large).Sum(k => rows <= columns
                    ? (double)matrix[i * columns + k] * matrix[j * columns + k]
                    : (double)matrix[k * columns + i] * matrix[k * columns + j]);
                Assert.InRange(product, -0.45, 0.45);
            }
        }
    }

    [Fact]
    public void Matrices_go_by_Muon_and_the_rest_by_AdamW()
    {
        var model = Shapes.Create("grouped queries");
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var optimizer = new Muon(model.TrainableParameters, new MuonSettings(), new AdamWSettings(), context);
        var matrices = optimizer.State.Where(state => state.Name == "momentum").Select(state => state.Parameter).ToArray();
        Assert.Equal(model.Parameters.Where(parameter => parameter.Role == ParameterRole.Matrix), matrices);
        Assert.Equal(matrices.Length + 2 * (model.Parameters.Length - matrices.Length), optimizer.State.Count);
    }

    [Fact]
    public void It_learns_a_batch_by_heart()
    {
        var model = Shapes.Create("grouped queries");
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var batch = Shapes.Batch(model, 30, 30);
        var optimizer = new Muon(model.TrainableParameters, new MuonSettings(), new AdamWSettings(), context);
        var step = new TrainingStep(model, new GradientPass(model, context), optimizer, 1, context);
        var first = step.Run([batch], 3e-3).Loss;
        for (var i = 0; i < 40; i++)
            step.Run([batch], 3e-3);
        Assert.InRange(step.Run([batch], 3e-3).Loss, 0, first / 4);
    }
}
