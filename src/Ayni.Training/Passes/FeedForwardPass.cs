using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>The gated feed-forward network (Shazeer 2020, arXiv:2002.05202) of a layer or of one expert, forward and backward.</summary>
internal static class FeedForwardPass
{
    /// <summary>Computes <c>[tokens, hidden]</c> from as much.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="input"><c>[tokens, hidden]</c>.</param>
    /// <param name="gate">Receives <c>[tokens, width]</c>, to be kept.</param>
    /// <param name="up">Receives <c>[tokens, width]</c>, to be kept.</param>
    /// <param name="addend">What is added, <c>[tokens, hidden]</c>; may be the output. Empty for nothing.</param>
    /// <param name="output">Receives <c>[tokens, hidden]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    public static void Forward(
        FeedForwardParameters weights, ReadOnlySpan<float> input, Span<float> gate, Span<float> up, ReadOnlySpan<float> addend,
        Span<float> output, PassState pass)
    {
        // Computed in the thread's own memory: what is to be kept would have to be read before it is written.
        var inner = pass.Inner.Take(gate.Length);
        var ups = pass.Ups.Take(gate.Length);
        weights.Gate.Forward(input, inner, pass);
        weights.Up.Forward(input, ups, pass);
        SwiGlu.Apply(inner, ups, inner, pass.Context, gate, up);
        weights.Down.Forward(inner, addend, output, pass);
    }

    /// <summary>Gives the gradient of the network's input, and adds to those of the network.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="tokens">Which; they begin a block.</param>
    /// <param name="input">As it went in, <c>[tokens, hidden]</c>.</param>
    /// <param name="gate">What was kept; receives its gradient.</param>
    /// <param name="up">What was kept; receives its gradient.</param>
    /// <param name="outputGradient"><c>[tokens, hidden]</c>.</param>
    /// <param name="inputGradient">Receives <c>[tokens, hidden]</c>; not the output's.</param>
    /// <param name="pass">Team and memory.</param>
    public static void Backward(
        FeedForwardParameters weights, TokenRange tokens, ReadOnlySpan<float> input, Span<float> gate, Span<float> up,
        ReadOnlySpan<float> outputGradient, Span<float> inputGradient, PassState pass)
    {
        var inner = pass.Inner.Take(gate.Length);
        weights.Down.BackwardToInput(outputGradient, inner, pass);
        SwiGluGradient.Apply(gate, up, inner, pass.Context);
        weights.Down.BackwardToParameters(tokens, inner, outputGradient, pass);
        weights.Gate.BackwardToParameters(tokens, input, gate, pass);
        weights.Up.BackwardToParameters(tokens, input, up, pass);
        weights.Gate.BackwardToInput(gate, inputGradient, pass);
        weights.Up.BackwardToInput(up, inputGradient, pass, accumulate: true);
    }
}
