using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// A low-rank adapter of one matrix (Hu et al. 2021, arXiv:2106.09685): <c>y += scaling · B·A·dropout(x)</c>.
/// </summary>
/// <param name="down">A, <c>[rank, columns]</c>.</param>
/// <param name="up">B, <c>[rows, rank]</c>.</param>
/// <param name="scaling">What the product is multiplied by.</param>
/// <param name="dropout">The share of the inputs that training drops.</param>
/// <param name="number">The adapter's number in its model, so that each drops other values.</param>
internal sealed class LowRankFactors(Parameter down, Parameter up, float scaling, double dropout, int number)
{
    public Parameter Down => down;

    public Parameter Up => up;

    public void Forward(ReadOnlySpan<float> input, Span<float> output, PassState pass)
    {
        var tokens = input.Length / down.Columns;
        var kept = Keep(input, pass);
        var reduced = Reduce(kept, tokens, pass);
        FloatProduct.Multiply(new MatrixView(reduced, tokens, down.Rows), up.View.Transposed, output, pass.Context, accumulate: true);
    }

    public void BackwardToInput(ReadOnlySpan<float> outputGradient, Span<float> inputGradient, PassState pass)
    {
        var tokens = outputGradient.Length / up.Rows;
        var reduced = new MatrixView(ReduceGradient(outputGradient, tokens, pass), tokens, down.Rows);
        if (!Drops(pass))
        {
            FloatProduct.Multiply(reduced, down.View, inputGradient, pass.Context, accumulate: true);
            return;
        }
        var dropped = pass.Dropped.Take(inputGradient.Length);
        FloatProduct.Multiply(reduced, down.View, dropped, pass.Context);
        Dropout.Apply(dropped, dropped, dropout, Seed(pass), pass.Context);
        Residual.Add(inputGradient, dropped);
    }

    public void BackwardToParameters(ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, PassState pass)
    {
        var tokens = input.Length / down.Columns;
        var outputs = new MatrixView(outputGradient, tokens, up.Rows);
        var kept = Keep(input, pass);
        var reduced = new MatrixView(Reduce(kept, tokens, pass), tokens, down.Rows);
        FloatProduct.Multiply(outputs.Transposed, reduced, up.Gradient, pass.Context, accumulate: true);
        var gradient = new MatrixView(ReduceGradient(outputGradient, tokens, pass), tokens, down.Rows);
        FloatProduct.Multiply(gradient.Transposed, new MatrixView(kept, tokens, down.Columns), down.Gradient, pass.Context,
            accumulate: true);
    }

    /// <summary>Adds what the adapter adds to the matrix itself: <c>W += scaling · B·A</c>.</summary>
    public void MergeInto(Parameter weight, ComputeContext context)
    {
        var scaled = (float[])up.Values.Clone();
        Scale(scaled);
        FloatProduct.Multiply(new MatrixView(scaled, up.Rows, up.Columns), down.View, weight.Values, context, accumulate: true);
    }

    private bool Drops(PassState pass) => dropout > 0 && pass.DropoutSeed is not null;

    private ulong Seed(PassState pass) => pass.DropoutSeed!.Value ^ ((ulong)(number + 1) << 40);

    private ReadOnlySpan<float> Keep(ReadOnlySpan<float> input, PassState pass)
    {
        if (!Drops(pass))
            return input;
        var dropped = pass.Dropped.Take(input.Length);
        Dropout.Apply(input, dropped, dropout, Seed(pass), pass.Context);
        return dropped;
    }

    private Span<float> Reduce(ReadOnlySpan<float> input, int tokens, PassState pass)
    {
        var reduced = pass.Reduced.Take((long)tokens * down.Rows);
        FloatProduct.Multiply(new MatrixView(input, tokens, down.Columns), down.View.Transposed, reduced, pass.Context);
        Scale(reduced);
        return reduced;
    }

    private Span<float> ReduceGradient(ReadOnlySpan<float> outputGradient, int tokens, PassState pass)
    {
        var reduced = pass.Reduced.Take((long)tokens * down.Rows);
        FloatProduct.Multiply(new MatrixView(outputGradient, tokens, up.Rows), up.View, reduced, pass.Context);
        Scale(reduced);
        return reduced;
    }

    private void Scale(Span<float> values)
    {
        foreach (ref var value in values)
            value *= scaling;
    }
}
