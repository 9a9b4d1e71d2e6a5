using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>The weights of one layer. Matrices are <c>[output, input]</c>.</summary>
internal sealed class LayerWeights : IDisposable
{
    public required float[] AttentionNorm { get; init; }
    public required PackedMatrix Query { get; init; }
    public required PackedMatrix Key { get; init; }
    public required PackedMatrix Value { get; init; }
    public required PackedMatrix AttentionOutput { get; init; }
    public required float[] FeedForwardNorm { get; init; }
    public required PackedMatrix Gate { get; init; }
    public required PackedMatrix Up { get; init; }
    public required PackedMatrix Down { get; init; }

    public void Dispose()
    {
        foreach (var matrix in (PackedMatrix[])[Query, Key, Value, AttentionOutput, Gate, Up, Down])
            matrix.Dispose();
    }
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

    public long PackedBytes =>
        TokenEmbedding.PackedBytes + (ReferenceEquals(OutputHead, TokenEmbedding) ? 0 : OutputHead.PackedBytes) +
        Layers.Sum(l => l.Query.PackedBytes + l.Key.PackedBytes + l.Value.PackedBytes + l.AttentionOutput.PackedBytes
            + l.Gate.PackedBytes + l.Up.PackedBytes + l.Down.PackedBytes);

    public void Dispose()
    {
        TokenEmbedding.Dispose();
        OutputHead.Dispose();
        foreach (var layer in Layers)
            layer.Dispose();
    }
}
