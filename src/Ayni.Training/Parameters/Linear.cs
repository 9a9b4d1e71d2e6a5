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
    public void Forward(ReadOnlySpan<float> input, Span<float> output, PassState pass) => Forward(input, [], output, pass);

    /// <summary>Computes <c>[tokens, rows]</c> from <c>[tokens, columns]</c>, and adds to that.</summary>
    /// <param name="input"><c>[tokens, columns]</c>.</param>
    /// <param name="addend"><c>[tokens, rows]</c>, which may be the output; empty for none.</param>
    /// <param name="output">Receives <c>[tokens, rows]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    public void Forward(ReadOnlySpan<float> input, ReadOnlySpan<float> addend, Span<float> output, PassState pass)
    {
        var tokens = input.Length / weight.Columns;
        if (weight.Packed is { } packed)
            FrozenProduct.Forward(packed, input, addend, output, pass, Precision(pass));
        else if (pass.Weights.Find(weight, PassDirection.Forward) is { } columns)
            FloatProduct.Multiply(new MatrixView(input, tokens, weight.Columns), columns, addend, output, pass.Context);
        else
            FloatProduct.Multiply(
                new MatrixView(input, tokens, weight.Columns), weight.View.Transposed, addend, output, pass.Context, Precision(pass));
        if (bias is not null)
        {
            for (var start = 0; start < output.Length; start += weight.Rows)
                Residual.Add(output.Slice(start, weight.Rows), bias.Values);
        }
        if (pass.UsesAdapters)
            Adapter?.Forward(input, output, pass);
    }

    /// <summary>Gives the gradient of the input and adds to those of the parameters.</summary>
    public void Backward(
        ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, PassState pass, bool accumulate = false)
    {
        BackwardToInput(outputGradient, inputGradient, pass, accumulate);
        BackwardToParameters(input, outputGradient, pass);
    }

    /// <summary>Gives the gradient of the input.</summary>
    /// <param name="outputGradient"><c>[tokens, rows]</c>.</param>
    /// <param name="inputGradient">Receives <c>[tokens, columns]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    /// <param name="accumulate">True to add to the input's gradient, false to overwrite it.</param>
    public void BackwardToInput(ReadOnlySpan<float> outputGradient, Span<float> inputGradient, PassState pass, bool accumulate = false)
    {
        var tokens = outputGradient.Length / weight.Rows;
        if (weight.Packed is { } packed)
            FrozenProduct.BackwardToInput(packed, outputGradient, inputGradient, pass, accumulate, Precision(pass));
        else if (pass.Weights.Find(weight, PassDirection.Backward) is { } columns)
            FloatProduct.Multiply(
                new MatrixView(outputGradient, tokens, weight.Rows), columns, accumulate ? inputGradient : [], inputGradient, pass.Context);
        else
            FloatProduct.Multiply(
                new MatrixView(outputGradient, tokens, weight.Rows), weight.View, inputGradient, pass.Context, accumulate, Precision(pass));
        Adapter?.BackwardToInput(outputGradient, inputGradient, pass);
    }

    /// <summary>Adds to the gradients of the parameters that are trained.</summary>
    /// <param name="input">What went in, <c>[tokens, columns]</c>.</param>
    /// <param name="outputGradient"><c>[tokens, rows]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    /// <param name="packedInput">The input packed (<see cref="PackInput"/>), where several projections have the same.</param>
    public void BackwardToParameters(
        ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, PassState pass, PackedColumns? packedInput = null)
    {
        if (weight.IsTrainable)
        {
            var tokens = input.Length / weight.Columns;
            var outputs = new MatrixView(outputGradient, tokens, weight.Rows).Transposed;
            if (packedInput is null)
                FloatProduct.Multiply(
                    outputs, new MatrixView(input, tokens, weight.Columns), weight.Gradient, pass.Context, accumulate: true, Precision(pass));
            else
                FloatProduct.Multiply(outputs, packedInput, weight.Gradient, weight.Gradient, pass.Context);
        }
        if (bias is { IsTrainable: true })
            GradientSums.AddRows(outputGradient, bias.Gradient, pass.Context);
        Adapter?.BackwardToParameters(input, outputGradient, pass);
    }

    /// <summary>Packs what went into this projection and its neighbours; null if they are not trained.</summary>
    /// <param name="input"><c>[tokens, columns]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    public PackedColumns? PackInput(ReadOnlySpan<float> input, PassState pass)
    {
        if (!weight.IsTrainable)
            return null;
        pass.PackedInput.Pack(new MatrixView(input, input.Length / weight.Columns, weight.Columns), Precision(pass), pass.Context);
        return pass.PackedInput;
    }

    private ProductPrecision Precision(PassState pass) => isAlwaysExact ? ProductPrecision.F32 : pass.Precision;
}
