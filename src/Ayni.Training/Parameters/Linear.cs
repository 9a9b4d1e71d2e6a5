using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>A matrix that activations are multiplied by, with a bias and a low-rank adapter where there are such.</summary>
internal sealed class Linear(Parameter weight, Parameter? bias)
{
    public Parameter Weight => weight;

    public Parameter? Bias => bias;

    /// <summary>What training adds to the matrix; null for nothing.</summary>
    public LowRankFactors? Adapter { get; set; }

    public IEnumerable<Parameter> Parameters => [weight, .. bias is null ? Array.Empty<Parameter>() : [bias]];

    /// <summary>Computes <c>[tokens, rows]</c> from <c>[tokens, columns]</c>, or adds it to the output.</summary>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, PassState pass, bool accumulate = false)
    {
        var tokens = input.Length / weight.Columns;
        if (weight.Packed is { } packed)
            FrozenProduct.Forward(packed, input, output, pass, accumulate);
        else
            FloatProduct.Multiply(new MatrixView(input, tokens, weight.Columns), weight.View.Transposed, output, pass.Context, accumulate);
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
            FrozenProduct.BackwardToInput(packed, outputGradient, inputGradient, pass, accumulate);
        else
            FloatProduct.Multiply(new MatrixView(outputGradient, tokens, weight.Rows), weight.View, inputGradient, pass.Context, accumulate);
        Adapter?.BackwardToInput(outputGradient, inputGradient, pass);
    }

    /// <summary>Adds to the gradients of the parameters that are trained.</summary>
    /// <param name="input">What <see cref="Forward"/> got.</param>
    /// <param name="outputGradient"><c>[tokens, rows]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    public void BackwardToParameters(ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, PassState pass)
    {
        if (weight.IsTrainable)
        {
            var tokens = input.Length / weight.Columns;
            var outputs = new MatrixView(outputGradient, tokens, weight.Rows);
            FloatProduct.Multiply(outputs.Transposed, new MatrixView(input, tokens, weight.Columns), weight.Gradient, pass.Context,
                accumulate: true);
        }
        if (bias is { IsTrainable: true })
            GradientSums.AddRows(outputGradient, bias.Gradient, pass.Context);
        Adapter?.BackwardToParameters(input, outputGradient, pass);
    }
}
