using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>The gated feed-forward network (Shazeer 2020, arXiv:2002.05202) of a layer or of one expert, forward and backward.</summary>
internal static class FeedForwardPass
{
    /// <summary>Computes <c>[tokens, hidden]</c> from as much.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="tokens">Which.</param>
    /// <param name="input"><c>[tokens, hidden]</c>.</param>
    /// <param name="gate">Receives their rows, <c>[tokens, width]</c>, to be kept: in BF16 where the pass rounds rows.</param>
    /// <param name="up">Receives their rows likewise.</param>
    /// <param name="addend">What is added, <c>[tokens, hidden]</c>; may be the output. Empty for nothing.</param>
    /// <param name="output">Receives <c>[tokens, hidden]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    public static void Forward(
        FeedForwardParameters weights, TokenRange tokens, ProductRows input, FloatBuffer gate, FloatBuffer up, ReadOnlySpan<float> addend,
        Span<float> output, PassState pass)
    {
        var width = weights.Width;
        // Computed in the thread's own memory: what is to be kept would have to be read before it is written.
        var inner = pass.Inner.Take((long)tokens.Count * width);
        var ups = pass.Ups.Take(inner.Length);
        weights.Gate.Forward(input, inner, pass);
        weights.Up.Forward(input, ups, pass);
        if (pass.RoundsRows)
        {
            pass.GateRows.Reserve(tokens.Count, width);
            SwiGlu.Apply(inner, ups, pass.GateRows, gate.BFloat16Rows(tokens, width), up.BFloat16Rows(tokens, width), pass.Context);
            weights.Down.Forward(pass.GateRows, addend, output, pass);
            return;
        }
        SwiGlu.Apply(inner, ups, inner, pass.Context, gate.Rows(tokens, width), up.Rows(tokens, width));
        weights.Down.Forward(inner, addend, output, pass);
    }

    /// <summary>Gives the gradient of the network's input, and adds to those of the network.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="tokens">Which; they begin a block.</param>
    /// <param name="input">As it went in, <c>[tokens, hidden]</c>; not read where the pass rounds rows, and the norm before takes it
    /// (<see cref="WeightGradients.AddNorm"/>).</param>
    /// <param name="gate">What was kept; used up.</param>
    /// <param name="up">What was kept; used up.</param>
    /// <param name="outputGradient"><c>[tokens, hidden]</c>.</param>
    /// <param name="inputGradient">Receives <c>[tokens, hidden]</c>; not the output's.</param>
    /// <param name="pass">Team and memory.</param>
    public static void Backward(
        FeedForwardParameters weights, TokenRange tokens, ReadOnlySpan<float> input, FloatBuffer gate, FloatBuffer up,
        ReadOnlySpan<float> outputGradient, Span<float> inputGradient, PassState pass)
    {
        var width = weights.Width;
        var inner = pass.Inner.Take((long)tokens.Count * width);
        weights.Down.BackwardToInput(outputGradient, inner, pass);
        if (pass.RoundsRows)
        {
            pass.Gradients.AddGates(weights, tokens, gate.BFloat16Rows(tokens, width), up.BFloat16Rows(tokens, width), inner, pass);
            pass.Gradients.AddOutputGradient(weights.Down, tokens, outputGradient, pass);
            weights.Gate.BackwardToInput(pass.GateRows, inputGradient, pass);
            weights.Up.BackwardToInput(pass.UpRows, inputGradient, pass, accumulate: true);
            return;
        }
        var gates = gate.Rows(tokens, width);
        var ups = up.Rows(tokens, width);
        SwiGluGradient.Apply(gates, ups, inner, pass.Context);
        weights.Down.BackwardToParameters(tokens, inner, outputGradient, pass);
        weights.Gate.BackwardToParameters(tokens, input, gates, pass);
        weights.Up.BackwardToParameters(tokens, input, ups, pass);
        weights.Gate.BackwardToInput(gates, inputGradient, pass);
        weights.Up.BackwardToInput(ups, inputGradient, pass, accumulate: true);
    }
}
