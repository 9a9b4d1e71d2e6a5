using Ayni.Llama;

namespace Ayni.Training;

/// <summary>What a layer's forward pass keeps for its backward pass.</summary>
internal sealed class LayerActivations
{
    /// <summary>After rotation, normalization and sharpening, <c>[tokens, heads, headDim]</c>.</summary>
    public FloatBuffer Query { get; } = new();

    /// <summary>After rotation and normalization, <c>[tokens, keyValueHeads, headDim]</c>.</summary>
    public FloatBuffer Key { get; } = new();

    /// <summary><c>[tokens, keyValueHeads, headDim]</c>.</summary>
    public FloatBuffer Value { get; } = new();

    /// <summary>The query before its heads were normalized.</summary>
    public FloatBuffer RotatedQuery { get; } = new();

    /// <summary>The key before its heads were normalized.</summary>
    public FloatBuffer RotatedKey { get; } = new();

    /// <summary>What attention gave, <c>[tokens, heads, headDim]</c>.</summary>
    public FloatBuffer Attended { get; } = new();

    /// <summary>The logarithms of softmax denominators, <c>[tokens, heads]</c>.</summary>
    public FloatBuffer LogSums { get; } = new();

    /// <summary>The residual stream between attention and feed-forward, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer Middle { get; } = new();

    /// <summary>
    /// The gate of the feed-forward network, or of the shared expert, <c>[tokens, width]</c>, in BF16 where the pass rounds rows; the
    /// backward pass uses it up.
    /// </summary>
    public FloatBuffer Gate { get; } = new();

    /// <summary>What the gate lets through, likewise.</summary>
    public FloatBuffer Up { get; } = new();

    /// <summary>The gates of the chosen experts, tokens ordered by expert, <c>[tokens, width]</c>; the backward pass uses it up.</summary>
    public FloatBuffer RoutedGate { get; } = new();

    /// <summary>The other half, <c>[tokens, width]</c>; the backward pass uses it up.</summary>
    public FloatBuffer RoutedUp { get; } = new();

    /// <summary>Router scores, <c>[tokens, experts]</c>.</summary>
    public FloatBuffer RouterScores { get; } = new();

    /// <summary>Which token goes to which expert.</summary>
    public Routing Routing { get; } = new();

    /// <summary>Makes room for a batch, so that many threads can write to it.</summary>
    public void Reserve(LlamaConfig config, LayerParameters weights, int tokens)
    {
        Query.Take((long)tokens * config.QueryWidth);
        Key.Take((long)tokens * config.KeyValueWidth);
        Value.Take((long)tokens * config.KeyValueWidth);
        if (config.NormalizesHeads)
        {
            RotatedQuery.Take((long)tokens * config.QueryWidth);
            RotatedKey.Take((long)tokens * config.KeyValueWidth);
        }
        Attended.Take((long)tokens * config.QueryWidth);
        LogSums.Take((long)tokens * config.HeadCount);
        Middle.Take((long)tokens * config.HiddenSize);
        var width = (weights.FeedForward ?? weights.Experts!.Shared).Width;
        Gate.Take((long)tokens * width);
        Up.Take((long)tokens * width);
    }
}
