namespace Ayni.Llama.Tests;

public sealed class Llama3ScalingFitTests
{
    [Theory]
    [InlineData(128, 500_000, 8, 1, 4, 8192)]
    [InlineData(64, 500_000, 32, 1, 4, 8192)]
    [InlineData(128, 500_000, 16, 1, 1, 8192)]
    [InlineData(16, 500_000, 16, 1, 1, 8192)]
    [InlineData(128, 10_000, 4, 2, 8, 8192)]
    [InlineData(128, 1_000_000, 6.5, 1.5, 3, 4096)]
    [InlineData(16, 500_000, 8, 1, 2, 8192)]
    [InlineData(16, 500_000, 8, 20, 20, 8192)]
    public void Divisors_give_a_scaling_that_gives_them(int rotaryDim, double theta, double factor, double low, double high, int original)
    {
        var scaling = new Llama3RotaryScaling
        {
            Factor = factor,
            LowFrequencyFactor = low,
            HighFrequencyFactor = high,
            OriginalContextLength = original,
        };
        var divisors = Llama3ScalingFit.Divisors(scaling, rotaryDim, theta);
        var found = Llama3ScalingFit.Find(divisors, theta);
        Assert.NotNull(found);
        var again = Llama3ScalingFit.Divisors(found, rotaryDim, theta);
        Assert.All(divisors.Zip(again), pair => Assert.Equal(pair.First, pair.Second, pair.First * 4e-6f));
        if (original == 8192 && rotaryDim > 16)
            Assert.Equal(scaling, found);
    }

    [Fact]
    public void Divisors_of_no_such_scaling_give_none()
    {
        Assert.Null(Llama3ScalingFit.Find([1, 3, 2, 8], 10_000));
        Assert.Null(Llama3ScalingFit.Find([2, 2, 2, 2, 1], 10_000));
        Assert.Null(Llama3ScalingFit.Find([], 10_000));
        var random = new Random(5);
        Assert.Null(Llama3ScalingFit.Find([.. Enumerable.Range(0, 32).Select(_ => 1 + random.NextSingle() * 7)], 500_000));
    }
}
