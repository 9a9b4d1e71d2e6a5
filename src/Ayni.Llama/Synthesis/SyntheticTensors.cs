using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>The tensors of a shape under GGUF's names, in the order of llama.cpp's conversions.</summary>
internal static class SyntheticTensors
{
    /// <summary>The divisors of the rotary frequencies.</summary>
    public const string RotaryDivisors = "rope_freqs.weight";

    /// <summary>
    /// Queries and keys are larger, so that attention chooses, and what the layers add to the state is, so that it outweighs the embedding:
    /// else a tied head's likeliest token would often be the last one again.
    /// </summary>
    private const float Gain = 1.5f;

    /// <summary>
    /// Each tensor, its dimensions (the contiguous one first; one for a vector) and the standard deviation of its weights. A matrix of
    /// deviation 1/√columns keeps the size of what it multiplies; those of <see cref="Gain"/> times that make the model's answers vary.
    /// </summary>
    /// <param name="shape">The shape.</param>
    /// <param name="logitDeviation">The logits' standard deviation.</param>
    public static IEnumerable<(string Name, ImmutableArray<long> Dimensions, float Deviation)> Of(SyntheticShape shape, float logitDeviation)
    {
        int hidden = shape.HiddenSize, queries = shape.HeadCount * shape.HeadDim, keys = shape.KeyValueHeadCount * shape.HeadDim;
        // An embedding that is also the head must be as small as the head; the first norm makes up for it.
        yield return ("token_embd.weight", [hidden, shape.VocabularySize], shape.TiesEmbeddings ? HeadDeviation() : 1);
        if (!shape.TiesEmbeddings)
            yield return ("output.weight", [hidden, shape.VocabularySize], HeadDeviation());
        if (shape.RotaryScaling is not null)
            yield return Vector(RotaryDivisors, shape.HeadDim / 2);
        for (var layer = 0; layer < shape.LayerCount; layer++)
        {
            var prefix = $"blk.{layer}.";
            yield return Vector(prefix + "attn_norm.weight", hidden);
            yield return Matrix(prefix + "attn_q.weight", Gain, hidden, queries);
            yield return Matrix(prefix + "attn_k.weight", Gain, hidden, keys);
            yield return Matrix(prefix + "attn_v.weight", 1, hidden, keys);
            yield return Matrix(prefix + "attn_output.weight", Gain, queries, hidden);
            yield return Vector(prefix + "ffn_norm.weight", hidden);
            foreach (var tensor in shape.HasExperts(layer) ? Experts(prefix, shape) : FeedForward(prefix, "", hidden, shape.IntermediateSize))
                yield return tensor;
        }
        yield return Vector("output_norm.weight", hidden);

        float HeadDeviation() => logitDeviation / MathF.Sqrt(hidden);
    }

    private static (string, ImmutableArray<long>, float)[] Experts(string prefix, SyntheticShape shape) =>
    [
        Matrix(prefix + "ffn_gate_inp.weight", 1, shape.HiddenSize, shape.ExpertCount),
        .. FeedForward(prefix, "_exps", shape.HiddenSize, shape.ExpertIntermediateSize, shape.ExpertCount),
        .. FeedForward(prefix, "_shexp", shape.HiddenSize, shape.ExpertIntermediateSize),
    ];

    private static (string, ImmutableArray<long>, float)[] FeedForward(
        string prefix, string suffix, int hidden, int intermediate, params ReadOnlySpan<long> experts) =>
    [
        Matrix($"{prefix}ffn_gate{suffix}.weight", 1, hidden, intermediate, experts),
        Matrix($"{prefix}ffn_up{suffix}.weight", 1, hidden, intermediate, experts),
        Matrix($"{prefix}ffn_down{suffix}.weight", Gain, intermediate, hidden, experts),
    ];

    private static (string, ImmutableArray<long>, float) Matrix(
        string name, float gain, int columns, int rows, params ReadOnlySpan<long> experts) =>
        (name, [columns, rows, .. experts], gain / MathF.Sqrt(columns));

    private static (string, ImmutableArray<long>, float) Vector(string name, int length) => (name, [length], 0);
}
