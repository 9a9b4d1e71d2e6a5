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

    /// <summary>Adds attention's result to the stream: <c>kept.Middle = input + attention(norm(input))</c>.</summary>
    public void Forward(int layer, LayerParameters weights, ReadOnlySpan<float> input, LayerActivations kept, BatchPlan batch,
        PassState pass)
    {
        var tokens = batch.Tokens;
        var normed = pass.Normed.Take(input.Length);
        RmsNorm.Apply(input, weights.AttentionNorm.Values, _config.RmsNormEpsilon, normed, pass.Context);
        var query = kept.Query.Take((long)tokens * _config.QueryWidth);
        var key = kept.Key.Take((long)tokens * _config.KeyValueWidth);
        var value = kept.Value.Take((long)tokens * _config.KeyValueWidth);
        weights.Query.Forward(normed, query, pass);
        weights.Key.Forward(normed, key, pass);
        weights.Value.Forward(normed, value, pass);
        if (_config.IsRotated(layer))
        {
            Rotate(query, kept.RotatedQuery, batch, pass);
            Rotate(key, kept.RotatedKey, batch, pass);
        }
        else if (_config.AttentionTemperature is { } temperature)
        {
            Sharpen(query, temperature, batch);
        }
        var attended = kept.Attended.Take(query.Length);
        var logSums = kept.LogSums.Take((long)tokens * _config.HeadCount);
        _attention.Apply(query, key, value, batch.Documents, FirstSeen(layer, batch), attended, logSums, pass.Context);
        var middle = kept.Middle.Take(input.Length);
        weights.AttentionOutput.Forward(attended, input, middle, pass);
    }

    /// <summary>Turns the gradient of <c>kept.Middle</c> into that of the input, in place.</summary>
    public void Backward(
        int layer, LayerParameters weights, ReadOnlySpan<float> input, LayerActivations kept, BatchPlan batch, Span<float> gradient,
        PassState pass)
    {
        var tokens = batch.Tokens;
        var query = kept.Query.Take((long)tokens * _config.QueryWidth);
        var key = kept.Key.Take((long)tokens * _config.KeyValueWidth);
        var value = kept.Value.Take(key.Length);
        var attended = kept.Attended.Take(query.Length);
        var logSums = kept.LogSums.Take((long)tokens * _config.HeadCount);

        var attendedGradient = pass.AttendedGradient.Take(query.Length);
        weights.AttentionOutput.Backward(attended, gradient, attendedGradient, pass);
        var queryGradient = pass.QueryGradient.Take(query.Length);
        var keyGradient = pass.KeyGradient.Take(key.Length);
        var valueGradient = pass.ValueGradient.Take(key.Length);
        _attention.ApplyGradient(
            query, key, value, batch.Documents, FirstSeen(layer, batch), attended, logSums, attendedGradient, queryGradient, keyGradient,
            valueGradient, pass.Context);
        if (_config.IsRotated(layer))
        {
            RotateBack(kept.RotatedQuery, queryGradient, batch, pass);
            RotateBack(kept.RotatedKey, keyGradient, batch, pass);
        }
        else if (_config.AttentionTemperature is { } temperature)
        {
            Sharpen(queryGradient, temperature, batch);
        }

        var normed = pass.Normed.Take(input.Length);
        RmsNorm.Apply(input, weights.AttentionNorm.Values, _config.RmsNormEpsilon, normed, pass.Context);
        var normedGradient = pass.NormedGradient.Take(input.Length);
        weights.Query.Backward(normed, queryGradient, normedGradient, pass);
        weights.Key.Backward(normed, keyGradient, normedGradient, pass, accumulate: true);
        weights.Value.Backward(normed, valueGradient, normedGradient, pass, accumulate: true);
        RmsNormGradient.Add(
            input, weights.AttentionNorm.Values, _config.RmsNormEpsilon, normedGradient, gradient, weights.AttentionNorm.Gradient,
            pass.Context);
    }

    private ReadOnlySpan<int> FirstSeen(int layer, BatchPlan batch) => _config.IsLocal(layer) ? batch.FirstSeenLocally : batch.FirstSeen;

    private void Rotate(Span<float> heads, FloatBuffer rotated, BatchPlan batch, PassState pass)
    {
        Turn(heads, batch, backwards: false, pass);
        if (!_config.NormalizesHeads)
            return;
        heads.CopyTo(rotated.Take(heads.Length));
        RmsNorm.Apply(heads, _ones, _config.RmsNormEpsilon, heads, pass.Context);
    }

    private void RotateBack(FloatBuffer rotated, Span<float> gradient, BatchPlan batch, PassState pass)
    {
        if (_config.NormalizesHeads)
        {
            var before = pass.HeadGradient.Take(gradient.Length);
            before.Clear();
            RmsNormGradient.Add(rotated.Take(gradient.Length), _ones, _config.RmsNormEpsilon, gradient, before, [], pass.Context);
            before.CopyTo(gradient);
        }
        Turn(gradient, batch, backwards: true, pass);
    }

    private void Turn(Span<float> heads, BatchPlan batch, bool backwards, PassState pass) => RotaryTurn.Apply(
        heads, _config.HeadDim, batch.Positions, batch.Cosines, batch.Sines, batch.Pairs, backwards, pass.Context);

    /// <summary>Multiplies queries, or their gradients, by the temperature of their positions.</summary>
    private void Sharpen(Span<float> query, AttentionTemperature temperature, BatchPlan batch)
    {
        var width = _config.QueryWidth;
        for (var token = 0; token < batch.Tokens; token++)
        {
            var factor = temperature.Factor(batch.Positions[token]);
            foreach (ref var value in query.Slice(token * width, width))
                value *= factor;
        }
    }
}
