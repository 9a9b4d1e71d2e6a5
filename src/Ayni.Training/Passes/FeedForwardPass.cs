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
        weights.Gate.Forward(input, gate, pass);
        weights.Up.Forward(input, up, pass);
        var inner = pass.Inner.Take(gate.Length);
        SwiGlu.Apply(gate, up, inner, pass.Context);
        weights.Down.Forward(inner, addend, output, pass);
    }

    /// <summary>Adds to the gradients of the network, and gives that of its input.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="input">As it went in.</param>
    /// <param name="gate">What was kept; used up.</param>
    /// <param name="up">What was kept; used up.</param>
    /// <param name="outputGradient"><c>[tokens, hidden]</c>.</param>
    /// <param name="inputGradient">Receives <c>[tokens, hidden]</c>; not the output's.</param>
    /// <param name="accumulate">True to add to the input's gradient.</param>
    /// <param name="pass">Team and memory.</param>
    public static void Backward(
        FeedForwardParameters weights, ReadOnlySpan<float> input, Span<float> gate, Span<float> up, ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient, bool accumulate, PassState pass)
    {
        var inner = pass.Inner.Take(gate.Length);
        weights.Down.BackwardToInput(outputGradient, inner, pass);
        SwiGluGradient.Apply(gate, up, inner, pass.Context);
        // The inner activations, computed anew, have taken the place of their gradient.
        weights.Down.BackwardToParameters(inner, outputGradient, pass);
        weights.Gate.Backward(input, gate, inputGradient, pass, accumulate);
        weights.Up.Backward(input, up, inputGradient, pass, accumulate: true);
    }
}
