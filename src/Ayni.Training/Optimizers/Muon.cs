using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>The constants of <see cref="Muon"/>.</summary>
public sealed record MuonSettings
{
    /// <summary>How much of the momentum stays at each step.</summary>
    public double Momentum { get; init; } = 0.95;

    /// <summary>
    /// The learning rate of matrices as a multiple of that of the rest. A step of Muon has a length of its own, whatever the gradient's, so
    /// its rate is the larger one.
    /// </summary>
    public double RateRatio { get; init; } = 10;

    /// <summary>The share of every matrix, times its learning rate, that each step takes away.</summary>
    public double WeightDecay { get; init; }
}

/// <summary>
/// Momentum made orthogonal by a Newton-Schulz iteration (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks")
/// for the matrices between activations; embeddings, head, norms, biases and adapters are left to <see cref="AdamW"/>.
/// </summary>
public sealed class Muon : IOptimizer
{
    private const int Iterations = 5;

    private readonly MuonSettings _settings;
    private readonly ComputeContext _context;
    private readonly AdamW _rest;
    private readonly ImmutableArray<(Parameter Parameter, float[] Momentum)> _matrices;
    private readonly FloatBuffer _update = new();
    private readonly FloatBuffer _gram = new();
    private readonly FloatBuffer _polynomial = new();
    private readonly FloatBuffer _next = new();

    /// <summary>Prepares to train parameters.</summary>
    /// <param name="parameters">The parameters, none of them frozen.</param>
    /// <param name="settings">The constants for matrices.</param>
    /// <param name="rest">The constants for the rest.</param>
    /// <param name="context">Team.</param>
    public Muon(IEnumerable<Parameter> parameters, MuonSettings settings, AdamWSettings rest, ComputeContext context)
    {
        _settings = settings;
        _context = context;
        var all = parameters.ToLookup(parameter => parameter.Role == ParameterRole.Matrix);
        _matrices = [.. all[true].Select(parameter => (parameter, new float[parameter.Values.Length]))];
        _rest = new AdamW(all[false], rest, context);
        State = [.. _matrices.Select(matrix => new OptimizerState(matrix.Parameter, "momentum", matrix.Momentum)), .. _rest.State];
    }

    /// <inheritdoc/>
    public long StepCount
    {
        get => _rest.StepCount;
        set => _rest.StepCount = value;
    }

    /// <inheritdoc/>
    public IReadOnlyList<OptimizerState> State { get; }

    /// <inheritdoc/>
    public void MakeStep(double rate, float gradientScale)
    {
        _rest.MakeStep(rate, gradientScale);
        var matrixRate = rate * _settings.RateRatio;
        foreach (var (parameter, momentum) in _matrices)
            Step(parameter, momentum, matrixRate, gradientScale);
    }

    private void Step(Parameter parameter, float[] momentum, double rate, float gradientScale)
    {
        var stays = (float)_settings.Momentum;
        var comes = (1 - stays) * gradientScale;
        var update = _update.Take(momentum.Length);
        WeightedSum.Write(momentum, stays, parameter.Gradient, comes, momentum, _context);
        // Nesterov's: as if one step ahead.
        WeightedSum.Write(momentum, stays, parameter.Gradient, comes, update, _context);
        Orthogonalize(update, parameter.Rows, parameter.Columns);
        var keep = (float)(1 - rate * _settings.WeightDecay);
        var size = (float)(rate * Math.Sqrt(Math.Max(1, (double)parameter.Rows / parameter.Columns)));
        WeightedSum.Write(parameter.Values, keep, update, -size, parameter.Values, _context);
    }

    /// <summary>
    /// Brings all singular values near 1: <c>X ← aX + (bXXᵀ + c(XXᵀ)²)X</c>, with the coefficients of the paper, which are steep at 0 and
    /// settle between 0.7 and 1.2.
    /// </summary>
    internal void Orthogonalize(Span<float> matrix, int rows, int columns)
    {
        const float A = 3.4445f;
        const float B = -4.7750f;
        const float C = 2.0315f;
        var norm = Math.Sqrt(GradientSums.OfSquares(matrix, _context));
        Scale(matrix, (float)(1 / (norm + 1e-7)));
        var small = Math.Min(rows, columns);
        var gram = _gram.Take((long)small * small);
        var polynomial = _polynomial.Take(gram.Length);
        var next = _next.Take(matrix.Length);
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            // The smaller of the two Gram matrices: on the left of a wide matrix, on the right of a tall one.
            var x = new MatrixView(matrix, rows, columns);
            if (rows <= columns)
                FloatProduct.Multiply(x, x.Transposed, gram, _context);
            else
                FloatProduct.Multiply(x.Transposed, x, gram, _context);
            var square = new MatrixView(gram, small, small);
            FloatProduct.Multiply(square, square, polynomial, _context);
            WeightedSum.Write(gram, B, polynomial, C, polynomial, _context);
            var factor = new MatrixView(polynomial, small, small);
            if (rows <= columns)
                FloatProduct.Multiply(factor, x, next, _context);
            else
                FloatProduct.Multiply(x, factor, next, _context);
            WeightedSum.Write(matrix, A, next, 1, matrix, _context);
        }
    }

    private static void Scale(Span<float> values, float factor)
    {
        foreach (ref var value in values)
            value *= factor;
    }
}
