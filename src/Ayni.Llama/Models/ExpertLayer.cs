using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// A layer's mixture of experts (<see cref="MixtureOfExperts"/>). Tokens are gathered by the expert that the router chose, so that an
/// expert is read once for all of its tokens and not at all where it has none.
/// </summary>
internal sealed class ExpertLayer(Projection router, ImmutableArray<FeedForward> experts, FeedForward shared, int width)
{
    /// <summary>All projections; those of a stack in the order of their experts.</summary>
    public IEnumerable<Projection> Projections => [router, .. experts.SelectMany(expert => expert.Projections), .. shared.Projections];

    /// <summary>Bytes of experts that one token does not read: all but one of them.</summary>
    public long IdleBytes => experts.Skip(1).SelectMany(expert => expert.Projections).Sum(projection => projection.PackedBytes);

    /// <summary>Computes <c>[tokens, hidden]</c> in place.</summary>
    public void Apply(Span<float> stream, Activations activations, int tokens, ComputeContext context)
    {
        var hidden = stream.Length / tokens;
        var scores = activations.RouterScores(tokens);
        router.Apply(stream, scores, context);

        var order = activations.TokensByExpert(tokens);
        Span<int> starts = stackalloc int[Math.Min(experts.Length, 256) + 1];
        if (experts.Length >= starts.Length)
            starts = new int[experts.Length + 1];
        Sort(scores, tokens, order, starts);

        var routed = activations.Routed(tokens);
        for (var i = 0; i < tokens; i++)
        {
            var token = order[i];
            var score = Best(scores.Slice(token * experts.Length, experts.Length)).Score;
            Scale(stream.Slice(token * hidden, hidden), 1 / (1 + MathF.Exp(-score)), routed.Slice(i * hidden, hidden));
        }
        for (var expert = 0; expert < experts.Length; expert++)
        {
            var count = starts[expert + 1] - starts[expert];
            if (count == 0)
                continue;
            var rows = routed.Slice(starts[expert] * hidden, count * hidden);
            experts[expert].Apply(rows, rows, activations, count, width, context);
        }
        shared.Apply(stream, stream, activations, tokens, width, context);
        for (var i = 0; i < tokens; i++)
            Residual.Add(stream.Slice(order[i] * hidden, hidden), routed.Slice(i * hidden, hidden));
    }

    /// <summary>
    /// Orders tokens by their expert, and those of one expert as they come; the tokens of expert e are from starts[e] to starts[e + 1].
    /// </summary>
    private void Sort(ReadOnlySpan<float> scores, int tokens, Span<int> order, Span<int> starts)
    {
        starts.Clear();
        for (var token = 0; token < tokens; token++)
            starts[Best(scores.Slice(token * experts.Length, experts.Length)).Expert + 1]++;
        for (var expert = 0; expert < experts.Length; expert++)
            starts[expert + 1] += starts[expert];
        // Each start moves along as its tokens are placed, and so ends where the next began.
        for (var token = 0; token < tokens; token++)
            order[starts[Best(scores.Slice(token * experts.Length, experts.Length)).Expert]++] = token;
        for (var expert = experts.Length; expert > 0; expert--)
            starts[expert] = starts[expert - 1];
        starts[0] = 0;
    }

    /// <summary>The expert with the highest score; of equal ones the first.</summary>
    private static (int Expert, float Score) Best(ReadOnlySpan<float> scores)
    {
        var best = 0;
        for (var expert = 1; expert < scores.Length; expert++)
        {
            if (scores[expert] > scores[best])
                best = expert;
        }
        return (best, scores[best]);
    }

    private static void Scale(ReadOnlySpan<float> input, float factor, Span<float> output)
    {
        for (var i = 0; i < input.Length; i++)
            output[i] = input[i] * factor;
    }
}
