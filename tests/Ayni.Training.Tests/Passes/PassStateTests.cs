using Ayni.Kernels;

namespace Ayni.Training.Tests;

public sealed class PassStateTests
{
    /// <summary>Whatever else takes part beside matrices needs rows in float32.</summary>
    [Fact]
    public void Rows_are_rounded_for_matrices_alone_that_are_trained()
    {
        using var context = new ComputeContext(ComputeContext.BestTier, 2);
        Assert.Equal(RoundedRows.AreMadeBy(context, 64), Rounds(Matrix(64, 96)));
        Assert.False(Rounds(Matrix(64, 96), ProductPrecision.F32));
        Assert.False(Rounds(Matrix(64, 40)));
        Assert.False(Rounds(Matrix(40, 64)));
        Assert.False(Rounds(new Linear(Weights(64, 96), new Parameter("b", ParameterRole.Bias, 1, 64, new float[64]))));
        Assert.False(Rounds(new Linear(Weights(64, 96), null, isAlwaysExact: true)));
        var frozen = Weights(64, 96);
        frozen.IsTrainable = false;
        Assert.False(Rounds(new Linear(frozen, null)));
        var adapted = Matrix(64, 96);
        adapted.Adapter = new LowRankFactors(Weights(4, 96), Weights(64, 4), 1, 0, 0);
        Assert.False(Rounds(adapted));

        bool Rounds(Linear projection, ProductPrecision precision = ProductPrecision.BF16)
        {
            var all = 0;
            var rounded = 0;
            new PassState(context, precision).ForEachBlock(130, [[projection]], PassDirection.Forward, (tokens, pass) =>
            {
                Interlocked.Add(ref all, tokens.Count);
                Interlocked.Add(ref rounded, pass.RoundsRows ? tokens.Count : 0);
            });
            Assert.Equal(130, all);
            Assert.True(rounded == 0 || rounded == all);
            return rounded > 0;
        }
    }

    private static Linear Matrix(int rows, int columns) => new(Weights(rows, columns), null);

    private static Parameter Weights(int rows, int columns) => new("w", ParameterRole.Matrix, rows, columns, new float[rows * columns]);
}
