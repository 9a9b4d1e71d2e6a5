using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>The gated feed-forward network (Shazeer 2020, arXiv:2002.05202) of a layer or of one expert.</summary>
internal sealed class FeedForward(Projection gate, Projection up, Projection down)
{
    public IEnumerable<Projection> Projections => [gate, up, down];

    /// <summary>Computes <c>[tokens, hidden]</c> from as much; the two may be the same.</summary>
    public void Apply(ReadOnlySpan<float> input, Span<float> output, Activations activations, int tokens, int width, ComputeContext context)
    {
        var gates = activations.Gate(tokens, width);
        var ups = activations.Up(tokens, width);
        gate.Apply(input, gates, context);
        up.Apply(input, ups, context);
        SwiGlu.Apply(gates, ups, gates, context);
        down.Apply(gates, output, context);
    }
}
