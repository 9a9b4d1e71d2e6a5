using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>The constants of <see cref="AdamW"/>.</summary>
public sealed record AdamWSettings
{
    /// <summary>How much of the first moment stays at each step.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>How much of the second moment stays at each step.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the denominator.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>The share of every parameter, times the learning rate, that each step takes away.</summary>
    public double WeightDecay { get; init; } = 0.1;
}

/// <summary>
/// Adam with decoupled weight decay and bias correction (Loshchilov and Hutter 2019, arXiv:1711.05101; <see cref="AdamWUpdate"/>).
/// </summary>
public sealed class AdamW : IOptimizer
{
    private readonly AdamWSettings _settings;
    private readonly ComputeContext _context;
    private readonly ImmutableArray<(Parameter Parameter, float[] First, float[] Second)> _moments;

    /// <summary>Prepares to train parameters.</summary>
    /// <param name="parameters">The parameters, none of them frozen.</param>
    /// <param name="settings">The constants.</param>
    /// <param name="context">Team.</param>
    public AdamW(IEnumerable<Parameter> parameters, AdamWSettings settings, ComputeContext context)
    {
        _settings = settings;
        _context = context;
        _moments = [.. parameters.Select(parameter => (parameter, new float[parameter.Values.Length], new float[parameter.Values.Length]))];
        State =
        [
            .. _moments.SelectMany(moments => (OptimizerState[])[
                new(moments.Parameter, "first_moment", moments.First), new(moments.Parameter, "second_moment", moments.Second)]),
        ];
    }

    /// <inheritdoc/>
    public long StepCount { get; set; }

    /// <inheritdoc/>
    public IReadOnlyList<OptimizerState> State { get; }

    /// <inheritdoc/>
    public void MakeStep(double rate, float gradientScale)
    {
        StepCount++;
        var update = new AdamWUpdate(rate, _settings.Beta1, _settings.Beta2, _settings.Epsilon, _settings.WeightDecay, StepCount);
        foreach (var (parameter, first, second) in _moments)
            update.Apply(parameter.Values, parameter.Gradient, first, second, gradientScale, _context);
    }
}
