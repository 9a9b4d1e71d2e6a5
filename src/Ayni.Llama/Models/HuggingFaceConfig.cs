using System.Collections.Immutable;
using System.Text.Json;

namespace Ayni.Llama;

/// <summary>
/// Reads the shape of a Llama from Hugging Face's <c>config.json</c>. What is left out has the default of transformers' configuration of
/// that architecture: <c>LlamaConfig</c>, <c>MistralConfig</c> or <c>Llama4TextConfig</c>.
/// </summary>
internal static class HuggingFaceConfig
{
    // Mistral 7B is a Llama but for its sliding window. The last one sees pictures, too; here it reads and writes text.
    private static readonly string[] Architectures =
        ["LlamaForCausalLM", "MistralForCausalLM", "Llama4ForCausalLM", "Llama4ForConditionalGeneration"];

    private static readonly string[] ModelTypes = ["llama", "mistral", "llama4", "llama4_text"];

    /// <summary>
    /// Reads the shape. Throws <see cref="ModelFormatException"/> for another architecture, a missing field or an impossible value.
    /// </summary>
    public static LlamaConfig Read(JsonFields file)
    {
        RefuseOthers(file);
        var fields = TextFields(file);
        RefuseUnsupported(fields);
        var isLlama4 = IsLlama4(file);
        var isMistral = IsMistral(file);
        var hiddenSize = fields.Dimension("hidden_size");
        var headCount = fields.Dimension("num_attention_heads");
        var dividesWidth = !isLlama4 || fields.Names.Contains("head_dim");
        if (dividesWidth && fields.FindInteger("head_dim") is null && hiddenSize % headCount != 0)
            throw fields.Error("num_attention_heads", $"{headCount} heads do not divide the width {hiddenSize}");
        var headDim = fields.Dimension("head_dim", dividesWidth ? hiddenSize / headCount : 128);
        if (headDim % 2 != 0)
            throw fields.Error("head_dim", $"{headDim} is not even, so its values are not pairs");
        if ((long)headCount * headDim > LlamaConfig.MaxDimension)
            throw fields.Error("head_dim", $"{headCount} heads of {headDim} values are too wide");
        // Null means as many as heads; only a plain Llama's default is that.
        var sharesHeads = (isLlama4 || isMistral) && !fields.Names.Contains("num_key_value_heads");
        var keyValueHeadCount = fields.Dimension("num_key_value_heads", sharesHeads ? 8 : headCount);
        if (headCount % keyValueHeadCount != 0)
            throw fields.Error("num_key_value_heads", $"{keyValueHeadCount} key-value heads do not divide {headCount} heads");
        var contextLength = fields.Dimension("max_position_embeddings");

        var config = new LlamaConfig
        {
            HiddenSize = hiddenSize,
            IntermediateSize = isLlama4 ? fields.Dimension("intermediate_size_mlp", 16384) : fields.Dimension("intermediate_size"),
            LayerCount = fields.Dimension("num_hidden_layers"),
            HeadCount = headCount,
            KeyValueHeadCount = keyValueHeadCount,
            HeadDim = headDim,
            RotaryDim = headDim,
            // Newer files keep all that concerns the rotation in one object.
            RopeTheta = (fields.FindObject("rope_parameters") is { } rope && rope.FindNumber("rope_theta") is not null ? rope : fields)
                .Positive("rope_theta", isLlama4 ? 500_000 : 10_000),
            RmsNormEpsilon = (float)fields.Positive("rms_norm_eps", isLlama4 ? 1e-5 : 1e-6),
            VocabularySize = fields.Dimension("vocab_size"),
            ContextLength = contextLength,
            RotaryScaling = ReadScaling(fields, contextLength),
        };
        return isLlama4 ? WithLlama4(config, fields)
            : isMistral ? config with { LocalAttention = ReadWindow(fields, contextLength) }
            : config;
    }

    /// <summary>Whether a file describes a Llama 4, whose tensors have names of their own.</summary>
    public static bool IsLlama4(JsonFields file) =>
        file.FindString("model_type") is "llama4" or "llama4_text" || file.Strings("architectures").Any(name => name.StartsWith("Llama4", StringComparison.Ordinal));

    private static bool IsMistral(JsonFields file) =>
        file.Strings("architectures") is { Count: > 0 } architectures ? architectures.Contains("MistralForCausalLM") : file.FindString("model_type") == "mistral";

    /// <summary>
    /// The fields of the language model: those of the file, or of the part for text in that of a model that sees pictures, too.
    /// </summary>
    public static JsonFields TextFields(JsonFields file) => file.FindObject("text_config") ?? file;

    /// <summary>Adds what a Llama 4 has more, with the defaults of Hugging Face's code.</summary>
    private static LlamaConfig WithLlama4(LlamaConfig config, JsonFields fields)
    {
        if (fields.Dimension("num_experts_per_tok", 1) != 1)
            throw fields.Error("num_experts_per_tok", "more than one expert for a token is not a Llama's");
        // Absent means the default, and null means that nothing is cut into chunks.
        var hasChunks = fields.FindInteger("attention_chunk_size") is not null || !fields.Names.Contains("attention_chunk_size");
        config = config with
        {
            LocalAttention = hasChunks ? new(LocalAttentionKind.Chunk, fields.Dimension("attention_chunk_size", GgufConfig.Llama4ChunkSize)) : null,
            UnrotatedLayers = ReadUnrotated(config.LayerCount, fields),
            NormalizesHeads = fields.FindBoolean("use_qk_norm") ?? true,
            // Some files give a number here.
            AttentionTemperature = fields.Names.Contains("attn_temperature_tuning") && fields.IsNothing("attn_temperature_tuning")
                ? null
                : new(fields.Positive("floor_scale", GgufConfig.Llama4Temperature.Floor), fields.Positive("attn_scale", GgufConfig.Llama4Temperature.Scale)),
            Experts = ReadExperts(config.LayerCount, fields),
        };
        DemandLayerTypes(config, fields);
        return config;
    }

    /// <summary>The experts; null for the guard, which says that no layer has any.</summary>
    private static MixtureOfExperts? ReadExperts(int layerCount, JsonFields fields)
    {
        var listed = ReadLayers(fields, "moe_layers", layerCount);
        if (fields.FindInteger("num_local_experts") == 0 || listed is { IsEmpty: true })
            return null;
        return new MixtureOfExperts
        {
            Count = fields.Dimension("num_local_experts", 16),
            IntermediateSize = fields.Dimension("intermediate_size", 8192),
            Layers = listed ?? GgufConfig.EveryNth(layerCount, fields.Dimension("interleave_moe_layer_step", 1)),
        };
    }

    /// <summary>From the list with a 1 for each layer that is rotated, or else from the interval.</summary>
    private static ImmutableArray<int> ReadUnrotated(int layerCount, JsonFields fields)
    {
        const string Name = "no_rope_layers";
        var rotated = fields.Integers(Name);
        if (rotated.Count == 0)
            return GgufConfig.EveryNth(layerCount, fields.Dimension("no_rope_layer_interval", GgufConfig.Llama4UnrotatedInterval));
        return rotated.Count == layerCount
            ? [.. Enumerable.Range(0, layerCount).Where(layer => rotated[layer] == 0)]
            : throw fields.Error(Name, $"{rotated.Count} values for {layerCount} layers");
    }

    private static ImmutableArray<int>? ReadLayers(JsonFields fields, string name, int layerCount)
    {
        if (!fields.Has(name, JsonValueKind.Array))
            return null;
        var layers = fields.Integers(name);
        return layers.All(layer => layer >= 0 && layer < layerCount)
            ? [.. layers.Distinct().Order().Select(layer => (int)layer)]
            : throw fields.Error(name, $"a number is not that of one of the {layerCount} layers");
    }

    /// <summary>A Mistral's window. Absent means the default, and null means none; in other Llamas the field means nothing.</summary>
    private static LocalAttention? ReadWindow(JsonFields fields, int contextLength)
    {
        const string Name = "sliding_window";
        if (fields.Names.Contains(Name) && fields.FindInteger(Name) is null)
            return null;
        var window = fields.Dimension(Name, 4096);
        return window < contextLength ? new(LocalAttentionKind.Window, window) : null;
    }

    /// <summary>Where a Llama 4's file says how each layer attends, it must be as the other fields say.</summary>
    private static void DemandLayerTypes(LlamaConfig config, JsonFields fields)
    {
        const string Name = "layer_types";
        var types = fields.Strings(Name);
        if (types.Count == 0)
            return;
        if (types.Count != config.LayerCount)
            throw fields.Error(Name, $"{types.Count} values for {config.LayerCount} layers");
        for (var layer = 0; layer < types.Count; layer++)
        {
            var expected = config.IsLocal(layer) ? "chunked_attention" : "full_attention";
            if (types[layer] != expected)
                throw fields.Error(Name, $"layer {layer} is '{types[layer]}', where the other fields make it '{expected}'");
        }
    }

    private static void RefuseOthers(JsonFields fields)
    {
        if (fields.Strings("architectures") is { Count: > 0 } architectures)
        {
            if (architectures.FirstOrDefault(name => !Architectures.Contains(name)) is { } other)
                throw fields.Error("architectures", $"the architecture is '{other}'; Ayni runs {string.Join(" and ", Architectures)}");
        }
        else if (fields.FindString("model_type") is var type && !ModelTypes.Contains(type))
        {
            throw fields.Error("model_type", $"the model is of type '{type}'; Ayni runs {string.Join(" and ", ModelTypes)}");
        }
    }

    /// <summary>What would change the numbers and is not computed is refused, never ignored.</summary>
    private static void RefuseUnsupported(JsonFields fields)
    {
        if (fields.FindString("hidden_act") is { } activation and not "silu")
            throw fields.Error("hidden_act", $"the activation '{activation}' is not a Llama's, which is silu");
        if (fields.FindObject("quantization_config") is { } quantization)
            throw quantization.Error("quant_method", $"weights quantized by '{quantization.FindString("quant_method")}' are not supported");
        foreach (var holder in (JsonFields?[])[fields, fields.FindObject("rope_parameters")])
        {
            if (holder?.FindNumber("partial_rotary_factor") is { } share and not 1)
                throw holder.Error("partial_rotary_factor", $"rotating only {share} of a head is not supported");
        }
    }

    private static RotaryScaling? ReadScaling(JsonFields fields, int contextLength)
    {
        var scaling = fields.FindObject("rope_scaling") ?? fields.FindObject("rope_parameters");
        if (scaling is null)
            return null;
        var type = scaling.FindString("rope_type") ?? scaling.FindString("type") ?? "default";
        return type switch
        {
            "default" => null,
            "linear" => new LinearRotaryScaling { Factor = scaling.Positive("factor") },
            "llama3" => new Llama3RotaryScaling
            {
                Factor = scaling.Positive("factor"),
                LowFrequencyFactor = scaling.Positive("low_freq_factor"),
                HighFrequencyFactor = scaling.Positive("high_freq_factor"),
                OriginalContextLength = scaling.Dimension("original_max_position_embeddings"),
            },
            "yarn" => Yarn(scaling, contextLength),
            _ => throw scaling.Error("rope_type", $"rotary scaling '{type}' is not supported; Ayni reads default, linear, llama3 and yarn"),
        };
    }

    private static YarnRotaryScaling Yarn(JsonFields scaling, int contextLength)
    {
        var factor = scaling.Positive("factor");
        // DeepSeek's two weights, where both are given, replace the recommended factor.
        var attention = scaling.FindNumber("mscale") is not (null or 0) && scaling.FindNumber("mscale_all_dim") is not (null or 0)
            ? YarnRotaryScaling.RecommendedAttentionFactor(factor, scaling.Positive("mscale"))
                / YarnRotaryScaling.RecommendedAttentionFactor(factor, scaling.Positive("mscale_all_dim"))
            : YarnRotaryScaling.RecommendedAttentionFactor(factor);
        return new YarnRotaryScaling
        {
            Factor = factor,
            OriginalContextLength = scaling.Dimension("original_max_position_embeddings", contextLength),
            BetaFast = scaling.Positive("beta_fast", YarnRotaryScaling.DefaultBetaFast),
            BetaSlow = scaling.Positive("beta_slow", YarnRotaryScaling.DefaultBetaSlow),
            Truncates = scaling.FindBoolean("truncate") ?? true,
            AttentionFactor = scaling.Positive("attention_factor", attention),
        };
    }
}
