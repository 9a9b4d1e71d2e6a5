namespace Ayni.Training.Tests;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(LearningRateDecay.Constant, 1.0, 1.0)]
    [InlineData(LearningRateDecay.Linear, 0.55, 0.1)]
    [InlineData(LearningRateDecay.Cosine, 0.55, 0.1)]
    public void A_rate_climbs_to_its_peak_and_falls_to_its_end(LearningRateDecay decay, double middle, double end)
    {
        var schedule = new LearningRateSchedule(decay, Peak: 1, End: 0.1, WarmUpSteps: 4, TotalSteps: 15);
        Assert.Equal([0.25, 0.5, 0.75, 1, 1], Enumerable.Range(0, 5).Select(step => schedule.At(step)));
        Assert.Equal(middle, schedule.At(9), 1e-12);
        Assert.Equal(end, schedule.At(14), 1e-12);
        Assert.Equal(end, schedule.At(1000), 1e-12);
    }

    [Fact]
    public void A_training_of_one_step_has_a_rate() =>
        Assert.True(double.IsFinite(new LearningRateSchedule(LearningRateDecay.Cosine, 1, 0, 0, 1).At(0)));
}
