using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>The weights of one layer.</summary>
internal sealed class LayerWeights
{
    public required float[] AttentionNorm { get; init; }
    public required Projection Query { get; init; }
    public required Projection Key { get; init; }
    public required Projection Value { get; init; }
    public required Projection AttentionOutput { get; init; }
    public required float[] FeedForwardNorm { get; init; }

    /// <summary>The layer's one network; null where it has experts.</summary>
    public FeedForward? FeedForward { get; init; }

    /// <summary>The layer's experts; null where it has one network.</summary>
    public ExpertLayer? Experts { get; init; }

    /// <summary>Everything that the layer multiplies with.</summary>
    public IEnumerable<Projection> Projections =>
        [Query, Key, Value, AttentionOutput, .. FeedForward?.Projections ?? [], .. Experts?.Projections ?? []];
}

/// <summary>All weights of a model, packed.</summary>
internal sealed class LlamaWeights : IDisposable
{
    /// <summary>Token embeddings, <c>[vocabulary, hidden]</c>.</summary>
    public required PackedMatrix TokenEmbedding { get; init; }

    /// <summary>The output head, <c>[vocabulary, hidden]</c>; the same object as the embeddings where they are tied.</summary>
    public required PackedMatrix OutputHead { get; init; }

    public required float[] OutputNorm { get; init; }

    public required ImmutableArray<LayerWeights> Layers { get; init; }

    /// <summary>Rotary frequencies, <c>[rotaryDim / 2]</c>.</summary>
    public required double[] InverseFrequencies { get; init; }

    /// <summary>The projections of all layers; the output head is none of them.</summary>
    public IEnumerable<Projection> Projections => Layers.SelectMany(layer => layer.Projections);

    public long PackedBytes =>
        TokenEmbedding.PackedBytes + (ReferenceEquals(OutputHead, TokenEmbedding) ? 0 : OutputHead.PackedBytes)
        + Projections.Sum(projection => projection.PackedBytes);

    public long BytesReadPerToken =>
        OutputHead.PackedBytes + Projections.Sum(projection => projection.PackedBytes) - Layers.Sum(layer => layer.Experts?.IdleBytes ?? 0);

    public TensorType ProjectionType => Projections.GroupBy(projection => projection.Matrix.Type)
        .MaxBy(group => group.Sum(projection => (long)projection.Matrix.Rows * projection.Columns))!.Key;

    public void Dispose()
    {
        TokenEmbedding.Dispose();
        OutputHead.Dispose();
        foreach (var projection in Projections)
            projection.Dispose();
    }
}
