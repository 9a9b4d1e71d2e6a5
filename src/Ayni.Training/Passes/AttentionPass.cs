using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>A layer's attention, forward and backward. Steered by <see cref="LlamaConfig"/> as the engine's forward pass is.</summary>
internal sealed class AttentionPass
{
    private readonly LlamaConfig _config;
    private readonly DocumentAttention _attention;
    private readonly float[] _ones;

    public AttentionPass(LlamaConfig config, ProductPrecision precision)
    {
        _config = config;
        _attention = new DocumentAttention(config.HeadCount, config.KeyValueHeadCount, config.HeadDim, precision);
        _ones = new float[config.HeadDim];
        Array.Fill(_ones, 1);
    }

    /// <summary>Computes queries, keys and values of some tokens.</summary>
    public void Project(
        int layer, LayerParameters weights, TokenRange tokens, ReadOnlySpan<float> input, LayerActivations kept, BatchPlan batch,
        PassState pass)
    {
        var normed = pass.Normalize(input, weights.AttentionNorm, _config.RmsNormEpsilon);
        var query = kept.Query.Rows(tokens, _config.QueryWidth);
        var key = kept.Key.Rows(tokens, _config.KeyValueWidth);
        weights.Query.Forward(normed, query, pass);
        weights.Key.Forward(normed, key, pass);
        weights.Value.Forward(normed, kept.Value.Rows(tokens, _config.KeyValueWidth), pass);
        if (_config.IsRotated(layer))
        {
            Rotate(query, kept.RotatedQuery, tokens, batch, pass);
            Rotate(key, kept.RotatedKey, tokens, batch, pass);
        }
        else if (_config.AttentionTemperature is { } temperature)
        {
            Sharpen(query, temperature, batch.Positions.Slice(tokens.Start, tokens.Count));
        }
    }

    /// <summary>Computes what the queries of all tokens attend to.</summary>
    public void Attend(int layer, LayerActivations kept, BatchPlan batch, PassState pass)
    {
        var all = batch.All;
        _attention.Apply(
            kept.Query.Rows(all, _config.QueryWidth), kept.Key.Rows(all, _config.KeyValueWidth), kept.Value.Rows(all, _config.KeyValueWidth),
            batch.Documents, FirstSeen(layer, batch), kept.Attended.Rows(all, _config.QueryWidth),
            kept.LogSums.Rows(all, _config.HeadCount), pass.Context);
    }

    /// <summary>Computes the gradients of the queries, keys and values of all tokens from that of what they attended to.</summary>
    public void AttendBackward(int layer, LayerActivations kept, BatchPlan batch, PassState pass)
    {
        var all = batch.All;
        var query = kept.Query.Rows(all, _config.QueryWidth);
        var key = kept.Key.Rows(all, _config.KeyValueWidth);
        _attention.ApplyGradient(
            query, key, kept.Value.Rows(all, _config.KeyValueWidth), batch.Documents, FirstSeen(layer, batch),
            kept.Attended.Rows(all, _config.QueryWidth), kept.LogSums.Rows(all, _config.HeadCount),
            pass.AttendedGradient.Rows(all, _config.QueryWidth), pass.QueryGradient.Take(query.Length), pass.KeyGradient.Take(key.Length),
            pass.ValueGradient.Take(key.Length), pass.Context);
    }

    /// <summary>Turns the gradients of queries and keys of some tokens into those from before they were rotated or sharpened.</summary>
    public void RotateBackward(
        int layer, TokenRange tokens, LayerActivations kept, Span<float> queryGradient, Span<float> keyGradient, BatchPlan batch,
        PassState pass)
    {
        if (_config.IsRotated(layer))
        {
            RotateBack(kept.RotatedQuery, queryGradient, tokens, batch, pass);
            RotateBack(kept.RotatedKey, keyGradient, tokens, batch, pass);
        }
        else if (_config.AttentionTemperature is { } temperature)
        {
            Sharpen(queryGradient, temperature, batch.Positions.Slice(tokens.Start, tokens.Count));
        }
    }

    private ReadOnlySpan<int> FirstSeen(int layer, BatchPlan batch) => _config.IsLocal(layer) ? batch.FirstSeenLocally : batch.FirstSeen;

    private void Rotate(Span<float> heads, FloatBuffer rotated, TokenRange tokens, BatchPlan batch, PassState pass)
    {
        Turn(heads, tokens, batch, backwards: false, pass);
        if (!_config.NormalizesHeads)
            return;
        heads.CopyTo(rotated.Rows(tokens, heads.Length / tokens.Count));
        RmsNorm.Apply(heads, _ones, _config.RmsNormEpsilon, heads, pass.Context);
    }

    private void RotateBack(FloatBuffer rotated, Span<float> gradient, TokenRange tokens, BatchPlan batch, PassState pass)
    {
        if (_config.NormalizesHeads)
        {
            var before = pass.HeadGradient.Take(gradient.Length);
            before.Clear();
            RmsNormGradient.Add(
                rotated.Rows(tokens, gradient.Length / tokens.Count), _ones, _config.RmsNormEpsilon, gradient, before, [], pass.Context);
            before.CopyTo(gradient);
        }
        Turn(gradient, tokens, batch, backwards: true, pass);
    }

    private void Turn(Span<float> heads, TokenRange tokens, BatchPlan batch, bool backwards, PassState pass) => RotaryTurn.Apply(
        heads, _config.HeadDim, batch.Positions.Slice(tokens.Start, tokens.Count), batch.Cosines, batch.Sines, batch.Pairs, backwards,
        pass.Context);

    /// <summary>Multiplies queries, or their gradients, by the temperature of their positions.</summary>
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
}
