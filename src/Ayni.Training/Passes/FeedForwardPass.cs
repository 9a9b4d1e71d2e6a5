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

    /// <summary>Gives the gradient of the network's input, and what <see cref="BackwardToParameters"/> needs.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="gate">What was kept; receives its gradient.</param>
    /// <param name="up">What was kept; receives its gradient.</param>
    /// <param name="inner">Receives the activations between the projections, computed anew.</param>
    /// <param name="outputGradient"><c>[tokens, hidden]</c>.</param>
    /// <param name="inputGradient">Receives <c>[tokens, hidden]</c>; not the output's.</param>
    /// <param name="pass">Team and memory.</param>
    public static void BackwardToInput(
        FeedForwardParameters weights, Span<float> gate, Span<float> up, Span<float> inner, ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient, PassState pass)
    {
        weights.Down.BackwardToInput(outputGradient, inner, pass);
        SwiGluGradient.Apply(gate, up, inner, pass.Context);
        weights.Gate.BackwardToInput(gate, inputGradient, pass);
        weights.Up.BackwardToInput(up, inputGradient, pass, accumulate: true);
    }

    /// <summary>Adds to the gradients of the network.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="input">As it went in.</param>
    /// <param name="gate">The gradient of the gate.</param>
    /// <param name="up">The gradient of what it lets through.</param>
    /// <param name="inner">The activations between the projections.</param>
    /// <param name="outputGradient"><c>[tokens, hidden]</c>.</param>
    /// <param name="pass">Team and memory.</param>
    public static void BackwardToParameters(
        FeedForwardParameters weights, ReadOnlySpan<float> input, ReadOnlySpan<float> gate, ReadOnlySpan<float> up,
        ReadOnlySpan<float> inner, ReadOnlySpan<float> outputGradient, PassState pass)
    {
        weights.Down.BackwardToParameters(inner, outputGradient, pass);
        var packed = weights.Gate.PackInput(input, pass);
        weights.Gate.BackwardToParameters(input, gate, pass, packed);
        weights.Up.BackwardToParameters(input, up, pass, packed);
    }
}
