namespace Ayni.Llama;

/// <summary>Reads the rotary scaling from a GGUF file's <c>rope.*</c> keys, with llama.cpp's defaults.</summary>
internal static class GgufRotaryScaling
{
    /// <summary>The scaling, or null for none.</summary>
    /// <param name="metadata">The file's keys.</param>
    /// <param name="architecture">What the keys begin with.</param>
    /// <param name="contextLength">The context the model was trained for.</param>
    public static RotaryScaling? Read(GgufMetadata metadata, string architecture, int contextLength)
    {
        var prefix = $"{architecture}.rope.scaling.";
        var factorKey = metadata.Find(prefix + "factor") is null ? $"{architecture}.rope.scale_linear" : prefix + "factor";
        var factor = metadata.FindNumber(factorKey) ?? 1;
        // A factor without a type is a linear one; 0 has always meant none.
        var type = metadata.FindString(prefix + "type") ?? "linear";
        if (type == "none" || (type == "linear" && factor is 0 or 1))
            return null;
        if (type is not ("linear" or "yarn"))
            throw metadata.Error(prefix + "type", $"rotary scaling '{type}' is not supported; Ayni reads none, linear and yarn");
        if (!double.IsFinite(factor) || factor <= 0)
            throw metadata.Error(factorKey, $"{factor} is not a positive number");
        return type == "linear" ? new LinearRotaryScaling { Factor = factor } : Yarn(metadata, prefix, factor, contextLength);
    }

    private static YarnRotaryScaling Yarn(GgufMetadata metadata, string prefix, double factor, int contextLength)
    {
        foreach (var (key, neutral) in ((string, double)[])[("yarn_log_multiplier", 0), ("yarn_ext_factor", 1), ("yarn_attn_factor", 1)])
        {
            if (metadata.FindNumber(prefix + key) is { } value && value != neutral)
                throw metadata.Error(prefix + key, $"the value {value} is not supported; Ayni computes with {neutral}");
        }
        var original = metadata.FindInteger(prefix + "original_context_length") ?? contextLength;
        if (original is <= 0 or > LlamaConfig.MaxDimension)
            throw metadata.Error(prefix + "original_context_length", $"{original} is not between 1 and {LlamaConfig.MaxDimension}");
        return new YarnRotaryScaling
        {
            Factor = factor,
            OriginalContextLength = (int)original,
            BetaFast = Positive(metadata, prefix + "yarn_beta_fast", YarnRotaryScaling.DefaultBetaFast),
            BetaSlow = Positive(metadata, prefix + "yarn_beta_slow", YarnRotaryScaling.DefaultBetaSlow),
            AttentionFactor = Positive(metadata, prefix + "attn_factor", 1) * YarnRotaryScaling.RecommendedAttentionFactor(factor),
        };
    }

    private static double Positive(GgufMetadata metadata, string key, double fallback)
    {
        var value = metadata.FindNumber(key) ?? fallback;
        return double.IsFinite(value) && value > 0 ? value : throw metadata.Error(key, $"{value} is not a positive number");
    }
}
