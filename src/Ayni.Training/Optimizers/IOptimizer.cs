namespace Ayni.Training;

/// <summary>Changes parameters by their gradients, with a memory of earlier steps. Used by one thread at a time.</summary>
public interface IOptimizer
{
    /// <summary>Steps made. To go on from a checkpoint, fill <see cref="State"/> and set this.</summary>
    long StepCount { get; set; }

    /// <summary>What is remembered of each parameter: live arrays, to be written into a checkpoint or filled from one.</summary>
    IReadOnlyList<OptimizerState> State { get; }

    /// <summary>Makes a step.</summary>
    /// <param name="rate">The learning rate.</param>
    /// <param name="gradientScale">What gradients are multiplied by first, to clip them.</param>
    void MakeStep(double rate, float gradientScale);
}

/// <summary>What an optimizer remembers of one parameter.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Name">What is remembered, such as <c>first_moment</c>.</param>
/// <param name="Values">As many as the parameter has.</param>
public sealed record OptimizerState(Parameter Parameter, string Name, float[] Values);
