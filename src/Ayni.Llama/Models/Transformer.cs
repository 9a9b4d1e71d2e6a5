using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The forward pass of every Llama (Touvron et al. 2023, arXiv:2302.13971 and 2307.09288; Llama Team 2024, arXiv:2407.21783; Meta's code of
/// Llama 4), steered by <see cref="LlamaConfig"/>. Holds the activations of one batch; used by one thread at a time.
/// </summary>
internal sealed class Transformer
{
    private readonly LlamaConfig _config;
    private readonly LlamaWeights _weights;
    private readonly ComputeContext _context;
    private readonly Activations _activations;

    // The weights of a norm without weights.
    private readonly float[] _ones;

    /// <summary>Prepares forward passes.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="weights">The weights, which the transformer does not own.</param>
    /// <param name="context">Tier and team.</param>
    /// <param name="maxTokens">The largest batch, in tokens.</param>
    public Transformer(LlamaConfig config, LlamaWeights weights, ComputeContext context, int maxTokens)
    {
        _config = config;
        _weights = weights;
        _context = context;
        _activations = new Activations(config, maxTokens);
        _ones = new float[config.HeadDim];
        Array.Fill(_ones, 1);
    }

    /// <summary>Computes a batch: writes its keys and values into the cache and the logits that were asked for.</summary>
    /// <param name="batch">At most as many tokens as promised; every id inside the vocabulary.</param>
    /// <param name="cache">The cache whose blocks the batch names.</param>
    /// <param name="logits">Receives <c>[batch.LogitCount, vocabulary]</c>.</param>
    public void Forward(Batch batch, KeyValueCache cache, Span<float> logits)
    {
        var tokens = batch.TokenCount;
        var hidden = _activations.Hidden(tokens);
        for (var token = 0; token < tokens; token++)
            _weights.TokenEmbedding.CopyRow(batch.Tokens[token], hidden.Slice(token * _config.HiddenSize, _config.HiddenSize));
        RotaryEmbedding.Angles(
            batch.Positions, _weights.InverseFrequencies, _config.RotaryScaling?.Magnitude ?? 1, _activations.Cosines(tokens), _activations.Sines(tokens));

        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            AddAttention(hidden, layer, batch, cache);
            AddFeedForward(hidden, _weights.Layers[layer], tokens);
        }
        if (batch.LogitCount > 0)
            ProjectLogits(hidden, batch.LogitRows, logits);
    }

    private void AddAttention(Span<float> hidden, int layer, Batch batch, KeyValueCache cache)
    {
        var tokens = batch.TokenCount;
        var weights = _weights.Layers[layer];
        var normed = _activations.Normed(tokens);
        var query = _activations.Query(tokens);
        var key = _activations.Key(tokens);
        var value = _activations.Value(tokens);

        RmsNorm.Apply(hidden, weights.AttentionNorm, _config.RmsNormEpsilon, normed, _context);
        weights.Query.Apply(normed, query, _context);
        weights.Key.Apply(normed, key, _context);
        weights.Value.Apply(normed, value, _context);
        if (_config.IsRotated(layer))
            Rotate(query, key, tokens);
        else if (_config.AttentionTemperature is { } temperature)
            Sharpen(query, temperature, batch.Positions);

        var places = _config.IsLocal(layer) ? batch.Local : batch.Global;
        var attended = _activations.Attended(tokens);
        cache.Layer(layer).Write(places.Blocks, batch.Rows, key, value, _context);
        Attention.Apply(query, cache.Layer(layer), places.Table, places.Spans, attended, _context);
        weights.AttentionOutput.Apply(attended, normed, _context);
        Residual.Add(hidden, normed);
    }

    private void Rotate(Span<float> query, Span<float> key, int tokens)
    {
        RotaryEmbedding.Apply(query, _config.HeadDim, _activations.Cosines(tokens), _activations.Sines(tokens), tokens);
        RotaryEmbedding.Apply(key, _config.HeadDim, _activations.Cosines(tokens), _activations.Sines(tokens), tokens);
        if (!_config.NormalizesHeads)
            return;
        RmsNorm.Apply(query, _ones, _config.RmsNormEpsilon, query, _context);
        RmsNorm.Apply(key, _ones, _config.RmsNormEpsilon, key, _context);
    }

    private void Sharpen(Span<float> query, AttentionTemperature temperature, ReadOnlySpan<int> positions)
    {
        var width = _config.QueryWidth;
        for (var token = 0; token < positions.Length; token++)
        {
            var factor = temperature.Factor(positions[token]);
            foreach (ref var value in query.Slice(token * width, width))
                value *= factor;
        }
    }

    private void AddFeedForward(Span<float> hidden, LayerWeights weights, int tokens)
    {
        var normed = _activations.Normed(tokens);
        RmsNorm.Apply(hidden, weights.FeedForwardNorm, _config.RmsNormEpsilon, normed, _context);
        weights.FeedForward?.Apply(normed, normed, _activations, tokens, _config.IntermediateSize, _context);
        weights.Experts?.Apply(normed, _activations, tokens, _context);
        Residual.Add(hidden, normed);
    }

    private void ProjectLogits(ReadOnlySpan<float> hidden, ReadOnlySpan<int> rows, Span<float> logits)
    {
        var selected = _activations.Normed(rows.Length);
        for (var i = 0; i < rows.Length; i++)
            hidden.Slice(rows[i] * _config.HiddenSize, _config.HiddenSize).CopyTo(selected[(i * _config.HiddenSize)..]);
        RmsNorm.Apply(selected, _weights.OutputNorm, _config.RmsNormEpsilon, selected, _context);
        _weights.OutputHead.Multiply(selected, logits, _context);
    }
}
