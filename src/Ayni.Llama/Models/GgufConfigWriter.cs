namespace Ayni.Llama;

/// <summary>Writes the shape of a Llama as a GGUF file's <c>llama.*</c> or <c>llama4.*</c> keys.</summary>
internal static class GgufConfigWriter
{
    /// <summary>GGUF's name for the architecture.</summary>
    public static string ArchitectureOf(LlamaConfig config) => IsLlama4(config) ? "llama4" : "llama";

    /// <summary>Whether any of a Llama 4's layers is there.</summary>
    public static bool IsLlama4(LlamaConfig config) =>
        config.Experts is not null || config.UnrotatedLayers.Length > 0 || config.NormalizesHeads || config.AttentionTemperature is not null
        || config.LocalAttention?.Kind == LocalAttentionKind.Chunk;

    /// <summary>
    /// The pairs. Throws <see cref="ModelFormatException"/> naming the field that GGUF has no key for and llama.cpp takes to be another.
    /// </summary>
    /// <param name="path">The configuration's file, for errors.</param>
    /// <param name="config">The shape.</param>
    public static IEnumerable<(string Key, object Value)> Write(string path, LlamaConfig config)
    {
        if (IsLlama4(config))
            RefuseUnsaidLlama4(path, config);
        var prefix = ArchitectureOf(config) + ".";
        var pairs = new List<(string, object)>
        {
            ("block_count", (uint)config.LayerCount),
            ("context_length", (uint)config.ContextLength),
            ("embedding_length", (uint)config.HiddenSize),
            ("feed_forward_length", (uint)config.IntermediateSize),
            ("attention.head_count", (uint)config.HeadCount),
            ("attention.head_count_kv", (uint)config.KeyValueHeadCount),
            ("attention.key_length", (uint)config.HeadDim),
            ("attention.value_length", (uint)config.HeadDim),
            ("attention.layer_norm_rms_epsilon", config.RmsNormEpsilon),
            ("rope.dimension_count", (uint)config.RotaryDim),
            ("rope.freq_base", (float)config.RopeTheta),
            ("vocab_size", (uint)config.VocabularySize),
        };
        if (config.LocalAttention is { Kind: LocalAttentionKind.Window, Size: var window })
            pairs.Add(("attention.sliding_window", (uint)window));
        if (config.Experts is { } experts)
        {
            pairs.AddRange(
            [
                ("expert_count", (uint)experts.Count),
                ("expert_used_count", 1u),
                ("expert_feed_forward_length", (uint)experts.IntermediateSize),
                ("interleave_moe_layer_step", (uint)(experts.Layers[0] + 1)),
            ]);
        }
        AddScaling(path, config.RotaryScaling, pairs);
        return pairs.Select(pair => (prefix + pair.Item1, pair.Item2));
    }

    private static void AddScaling(string path, RotaryScaling? scaling, List<(string, object)> pairs)
    {
        const string Prefix = "rope.scaling.";
        if (scaling is LinearRotaryScaling linear)
        {
            pairs.AddRange([(Prefix + "type", "linear"), (Prefix + "factor", (float)linear.Factor)]);
        }
        else if (scaling is YarnRotaryScaling yarn)
        {
            if (!yarn.Truncates)
                throw new ModelFormatException(path, -1, "rope_scaling.truncate", "GGUF has no key for a blend that is not rounded to whole pairs");
            pairs.AddRange(
            [
                (Prefix + "type", "yarn"),
                (Prefix + "factor", (float)yarn.Factor),
                (Prefix + "original_context_length", (uint)yarn.OriginalContextLength),
                (Prefix + "attn_factor", (float)(yarn.AttentionFactor / YarnRotaryScaling.RecommendedAttentionFactor(yarn.Factor))),
                (Prefix + "yarn_beta_fast", (float)yarn.BetaFast),
                (Prefix + "yarn_beta_slow", (float)yarn.BetaSlow),
            ]);
        }
    }

    /// <summary>GGUF has no keys for these; who reads it takes them to be as in Llama 4's two published models.</summary>
    private static void RefuseUnsaidLlama4(string path, LlamaConfig config)
    {
        if (config.Experts is not { Layers.IsEmpty: false } experts)
            throw Unsaid("num_local_experts", "no experts", "at least one layer with experts");
        if (config.LocalAttention is not { Kind: LocalAttentionKind.Chunk, Size: GgufConfig.Llama4ChunkSize })
            throw Unsaid("attention_chunk_size", config.LocalAttention?.Size.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none", "8192");
        var temperature = config.AttentionTemperature;
        if (temperature is null)
            throw Unsaid("attn_temperature_tuning", "false", "true");
        if (temperature.Value.Floor != GgufConfig.Llama4Temperature.Floor)
            throw Unsaid("floor_scale", $"{temperature.Value.Floor}", "8192");
        if (temperature.Value.Scale != GgufConfig.Llama4Temperature.Scale)
            throw Unsaid("attn_scale", $"{temperature.Value.Scale}", "0.1");
        if (!config.UnrotatedLayers.SequenceEqual(GgufConfig.EveryNth(config.LayerCount, GgufConfig.Llama4UnrotatedInterval)))
            throw Unsaid("no_rope_layers", $"layers {string.Join(", ", config.UnrotatedLayers)} without rotary embedding", "every fourth");
        var takenToNormalize = experts.Count != GgufConfig.Llama4ExpertsWithoutHeadNorm;
        if (config.NormalizesHeads != takenToNormalize)
            throw Unsaid("use_qk_norm", $"{config.NormalizesHeads} with {experts.Count} experts", takenToNormalize ? "True" : "False");
        var step = experts.Layers[0] + 1;
        if (!experts.Layers.SequenceEqual(GgufConfig.EveryNth(config.LayerCount, step)))
            throw Unsaid("moe_layers", $"layers {string.Join(", ", experts.Layers)} with experts", "one of every so many");

        ModelFormatException Unsaid(string field, string value, string taken) =>
            new(path, -1, field, $"GGUF has no key for it, and {value} is not what its readers take it to be: {taken}");
    }
}
