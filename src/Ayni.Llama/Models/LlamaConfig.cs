using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>The shape of a Llama: everything by which one generation differs from another. Field names follow <c>config.json</c>.</summary>
public sealed record LlamaConfig
{
    // Far beyond any model there is, and small enough that products of two of them stay within a long.
    internal const long MaxDimension = 1 << 24;

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward layers.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Values in a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Values of a head that are rotated by position; even, at most <see cref="HeadDim"/>.</summary>
    public required int RotaryDim { get; init; }

    /// <summary>The base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>How the rotary frequencies are scaled beside divisors in the file; null for not at all.</summary>
    public RotaryScaling? RotaryScaling { get; init; }

    /// <summary>Added to the mean square in normalization.</summary>
    public required float RmsNormEpsilon { get; init; }

    /// <summary>Token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The context the model was trained for, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The rotary frequencies of a head's pairs, <c>[rotaryDim / 2]</c>.</summary>
    /// <param name="divisors">What the file divides each frequency by, <c>[rotaryDim / 2]</c>, or empty for nothing.</param>
    public double[] InverseFrequencies(ReadOnlySpan<float> divisors)
    {
        var frequencies = RotaryEmbedding.InverseFrequencies(RotaryDim, RopeTheta, divisors);
        RotaryScaling?.Apply(frequencies, RopeTheta);
        return frequencies;
    }

    /// <summary>Width of all query heads together.</summary>
    public int QueryWidth => HeadCount * HeadDim;

    /// <summary>Width of all key (or value) heads together.</summary>
    public int KeyValueWidth => KeyValueHeadCount * HeadDim;

    /// <summary>What most layers attend to instead of all that came before; null where every layer attends to all.</summary>
    public LocalAttention? LocalAttention { get; init; }

    /// <summary>Layers without rotary embedding, which attend to all that came before (Llama 4); ascending.</summary>
    public ImmutableArray<int> UnrotatedLayers { get; init; } = [];

    /// <summary>Whether the heads of queries and keys are normalized, without weights, after they are rotated (Llama 4).</summary>
    public bool NormalizesHeads { get; init; }

    /// <summary>How queries of layers without rotary embedding grow with the position (Llama 4); null for not at all.</summary>
    public AttentionTemperature? AttentionTemperature { get; init; }

    /// <summary>The mixture of experts (Llama 4); null where every layer has one feed-forward network.</summary>
    public MixtureOfExperts? Experts { get; init; }

    /// <summary>Whether a layer has rotary embedding.</summary>
    public bool IsRotated(int layer) => !UnrotatedLayers.Contains(layer);

    /// <summary>Whether a layer attends to a part of what came before, as <see cref="LocalAttention"/> says.</summary>
    public bool IsLocal(int layer) => LocalAttention is not null && IsRotated(layer);

    /// <summary>
    /// Products of a weight and an activation that a token costs in all layers, without attention itself and the output head.
    /// </summary>
    public long MultiplyAccumulatesPerToken
    {
        get
        {
            var attention = 2L * HiddenSize * (QueryWidth + KeyValueWidth);
            var dense = 3L * HiddenSize * IntermediateSize;
            var expertLayers = Experts?.Layers.Length ?? 0;
            // The chosen expert, the shared one and the router.
            var experts = Experts is null ? 0 : 6L * HiddenSize * Experts.IntermediateSize + (long)HiddenSize * Experts.Count;
            return LayerCount * attention + (LayerCount - expertLayers) * dense + expertLayers * experts;
        }
    }
}
