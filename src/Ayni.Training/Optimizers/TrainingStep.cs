using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>What one step did.</summary>
/// <param name="Loss">The mean loss of the step's batches before it, in nats.</param>
/// <param name="LossTerms">Tokens that were learned.</param>
/// <param name="GradientNorm">The length of all gradients together, before clipping.</param>
public readonly record struct StepResult(double Loss, long LossTerms, double GradientNorm);

/// <summary>One step of training: gradients of some batches, clipped together, and the optimizer. Used by one thread at a time.</summary>
public sealed class TrainingStep
{
    // As PyTorch's clip_grad_norm_ has it.
    private const double ClipEpsilon = 1e-6;

    private readonly GradientPass _pass;
    private readonly IOptimizer _optimizer;
    private readonly ImmutableArray<Parameter> _parameters;
    private readonly double _clipNorm;
    private readonly ComputeContext _context;
    private readonly double? _preferenceBeta;

    /// <summary>Prepares steps.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pass">Its passes.</param>
    /// <param name="optimizer">What changes its parameters.</param>
    /// <param name="clipNorm">The greatest length of all gradients together; infinity for no limit.</param>
    /// <param name="context">Team.</param>
    /// <param name="preferenceBeta">How much an answer's gain counts where pairs of answers are learned from; null where texts
    /// are.</param>
    public TrainingStep(
        TrainableModel model, GradientPass pass, IOptimizer optimizer, double clipNorm, ComputeContext context, double? preferenceBeta = null)
    {
        _preferenceBeta = preferenceBeta;
        _pass = pass;
        _optimizer = optimizer;
        _parameters = [.. model.TrainableParameters];
        _clipNorm = clipNorm;
        _context = context;
    }

    /// <summary>
    /// Makes a step over the mean loss of all batches' tokens, or pairs, as if they were one batch. If the loss or the gradient is not a
    /// finite number, the parameters stay as they are.
    /// </summary>
    /// <param name="batches">The batches, of which one at a time is in memory.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="dropoutSeed">What dropout follows from; null drops nothing.</param>
    /// <exception cref="BatchException">No batch has anything to learn.</exception>
    public StepResult Run(IReadOnlyList<TrainingBatch> batches, double rate, ulong? dropoutSeed = null)
    {
        var terms = batches.Sum(batch => (long)batch.LossTerms);
        if (terms == 0)
            throw new BatchException("there is nothing to learn: every label is masked");
        foreach (var parameter in _parameters)
            GradientSums.Clear(parameter.Gradient, _context);
        var loss = 0.0;
        var counted = _preferenceBeta is null ? terms : batches.Sum(batch => (long)batch.PairCount);
        for (var i = 0; i < batches.Count; i++)
        {
            ulong? batchSeed = dropoutSeed is { } seed ? seed ^ (ulong)i << 20 : null;
            loss += _preferenceBeta is { } beta
                ? _pass.AddPreferenceGradients(batches[i], counted, beta, batchSeed)
                : _pass.AddGradients(batches[i], counted, batchSeed);
        }
        var norm = GradientNorm(_parameters, _context);
        if (double.IsFinite(loss) && double.IsFinite(norm))
            _optimizer.MakeStep(rate, (float)Math.Min(1, _clipNorm / (norm + ClipEpsilon)));
        return new StepResult(loss / counted, terms, norm);
    }

    /// <summary>The length of all gradients as one vector.</summary>
    public static double GradientNorm(IEnumerable<Parameter> parameters, ComputeContext context) =>
        Math.Sqrt(parameters.Sum(parameter => GradientSums.OfSquares(parameter.Gradient, context)));
}
