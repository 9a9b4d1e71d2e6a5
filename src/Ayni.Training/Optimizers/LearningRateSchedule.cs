namespace Ayni.Training;

/// <summary>How a learning rate falls after its warm-up.</summary>
public enum LearningRateDecay
{
    /// <summary>Not at all.</summary>
    Constant,

    /// <summary>In a straight line.</summary>
    Linear,

    /// <summary>Along half a wave of the cosine (Loshchilov and Hutter 2017, arXiv:1608.03983).</summary>
    Cosine,
}

/// <summary>The learning rate of each step: it climbs in a straight line to its peak and then falls to its end.</summary>
/// <param name="Decay">How it falls.</param>
/// <param name="Peak">The highest rate.</param>
/// <param name="End">The last step's rate and that of any after it; not used where the rate is constant.</param>
/// <param name="WarmUpSteps">Steps of the climb; the first is not 0.</param>
/// <param name="TotalSteps">Steps in all.</param>
public sealed record LearningRateSchedule(LearningRateDecay Decay, double Peak, double End, long WarmUpSteps, long TotalSteps)
{
    /// <summary>The rate of a step, numbered from 0.</summary>
    public double At(long step)
    {
        if (step < WarmUpSteps)
            return Peak * (step + 1) / WarmUpSteps;
        // The first step after the climb is at the peak, the last at the end.
        var done = TotalSteps - 1 <= WarmUpSteps ? 1 : Math.Clamp((double)(step - WarmUpSteps) / (TotalSteps - 1 - WarmUpSteps), 0, 1);
        return Decay switch
        {
            LearningRateDecay.Constant => Peak,
            LearningRateDecay.Linear => Peak + (End - Peak) * done,
            _ => End + (Peak - End) * (1 + Math.Cos(Math.PI * done)) / 2,
        };
    }
}
