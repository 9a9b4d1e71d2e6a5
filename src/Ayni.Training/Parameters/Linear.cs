using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>A matrix that activations are multiplied by, with a bias and a low-rank adapter where there are such.</summary>
/// <param name="weight">The matrix.</param>
/// <param name="bias">The bias; null for none.</param>
/// <param name="isAlwaysExact">True to compute in float32 whatever the pass's precision: a router's choice is a jump (Fedus et al. 2021,
/// arXiv:2101.03961, 2.4).</param>
internal sealed class Linear(Parameter weight, Parameter? bias, bool isAlwaysExact = false)
{
    public Parameter Weight => weight;

    public Parameter? Bias => bias;

    /// <summary>What training adds to the matrix; null for nothing.</summary>
    public LowRankFactors? Adapter { get; set; }

    public IEnumerable<Parameter> Parameters => [weight, .. bias is null ? Array.Empty<Parameter>() : [bias]];

    /// <summary>Computes <c>[tokens, rows]</c> from <c>[tokens, columns]</c>.</summary>
    public void Forward(ProductRows input, Span<float> output, PassState pass) => Forward(input, [], output, pass);

    /// <summary>Computes <c>[tokens, rows]</c> from <c>[tokens, columns]</c>, and adds to that.</summary>
    /// <param name="input"><c>[tokens, columns]</c>; rounded only where there is nothing but the matrix, packed
    /// (<see cref="PassState.RoundsRows"/>).</param>
    /// <param name="addend"><c>[tokens, rows]</c>, which may be the output; empty for none.</param>
    /// <param name="output">Receives <c>[tokens, rows]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    public void Forward(ProductRows input, ReadOnlySpan<float> addend, Span<float> output, PassState pass)
    {
        if (input.Rounded is { } rounded)
            FloatProduct.Multiply(rounded, pass.Weights.Find(weight, PassDirection.Forward)!, addend, output, pass.Context);
        else
            Forward(input.Values, addend, output, pass);
    }

    private void Forward(ReadOnlySpan<float> input, ReadOnlySpan<float> addend, Span<float> output, PassState pass)
    {
        var tokens = input.Length / weight.Columns;
        if (weight.Packed is { } packed)
            FrozenProduct.Forward(packed, input, addend, output, pass, PrecisionIn(pass));
        else if (pass.Weights.Find(weight, PassDirection.Forward) is { } columns)
            FloatProduct.Multiply(new MatrixView(input, tokens, weight.Columns), columns, addend, output, pass.Context);
        else
            FloatProduct.Multiply(
                new MatrixView(input, tokens, weight.Columns), weight.View.Transposed, addend, output, pass.Context, PrecisionIn(pass));
        if (bias is not null)
        {
            for (var start = 0; start < output.Length; start += weight.Rows)
                Residual.Add(output.Slice(start, weight.Rows), bias.Values);
        }
        if (pass.UsesAdapters)
            Adapter?.Forward(input, output, pass);
    }

    /// <summary>Gives the gradient of the input.</summary>
    /// <param name="outputGradient"><c>[tokens, rows]</c>; rounded as an input may be.</param>
    /// <param name="inputGradient">Receives <c>[tokens, columns]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    /// <param name="accumulate">True to add to the input's gradient, false to overwrite it.</param>
    public void BackwardToInput(ProductRows outputGradient, Span<float> inputGradient, PassState pass, bool accumulate = false)
    {
        if (outputGradient.Rounded is { } rounded)
        {
            FloatProduct.Multiply(
                rounded, pass.Weights.Find(weight, PassDirection.Backward)!, accumulate ? inputGradient : [], inputGradient, pass.Context);
            return;
        }
        BackwardToInput(outputGradient.Values, inputGradient, pass, accumulate);
    }

    private void BackwardToInput(ReadOnlySpan<float> outputGradient, Span<float> inputGradient, PassState pass, bool accumulate)
    {
        var tokens = outputGradient.Length / weight.Rows;
        if (weight.Packed is { } packed)
            FrozenProduct.BackwardToInput(packed, outputGradient, inputGradient, pass, accumulate, PrecisionIn(pass));
        else if (pass.Weights.Find(weight, PassDirection.Backward) is { } columns)
            FloatProduct.Multiply(
                new MatrixView(outputGradient, tokens, weight.Rows), columns, accumulate ? inputGradient : [], inputGradient, pass.Context);
        else
            FloatProduct.Multiply(
                new MatrixView(outputGradient, tokens, weight.Rows), weight.View, inputGradient, pass.Context, accumulate, PrecisionIn(pass));
        Adapter?.BackwardToInput(outputGradient, inputGradient, pass);
    }

    /// <summary>Adds to the gradients of the parameters that are trained, when the pass's are (<see cref="WeightGradients"/>).</summary>
    /// <param name="tokens">Which; they begin a block.</param>
    /// <param name="input">What went in, <c>[tokens, columns]</c>.</param>
    /// <param name="outputGradient"><c>[tokens, rows]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    public void BackwardToParameters(
        TokenRange tokens, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, PassState pass)
    {
        pass.Gradients.Add(this, tokens, input, outputGradient, pass);
        Adapter?.BackwardToParameters(input, outputGradient, pass);
    }

    /// <summary>To what operands are rounded.</summary>
    public ProductPrecision PrecisionIn(PassState pass) => isAlwaysExact ? ProductPrecision.F32 : pass.Precision;
}
