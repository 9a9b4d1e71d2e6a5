namespace Ayni.Llama;

/// <summary>Reads the shape of a Llama from Hugging Face's <c>config.json</c>.</summary>
internal static class HuggingFaceConfig
{
    // Mistral 7B is a Llama but for its sliding window, which its later versions don't have.
    private static readonly string[] Architectures = ["LlamaForCausalLM", "MistralForCausalLM"];
    private static readonly string[] ModelTypes = ["llama", "mistral"];

    /// <summary>
    /// Reads the shape. Throws <see cref="ModelFormatException"/> for another architecture, a missing field or an impossible value.
    /// </summary>
    public static LlamaConfig Read(JsonFields fields)
    {
        RefuseOthers(fields);
        RefuseUnsupported(fields);
        var hiddenSize = fields.Dimension("hidden_size");
        var headCount = fields.Dimension("num_attention_heads");
        if (fields.FindInteger("head_dim") is null && hiddenSize % headCount != 0)
            throw fields.Error("num_attention_heads", $"{headCount} heads do not divide the width {hiddenSize}");
        var headDim = fields.Dimension("head_dim", hiddenSize / headCount);
        if (headDim % 2 != 0)
            throw fields.Error("head_dim", $"{headDim} is not even, so its values are not pairs");
        if ((long)headCount * headDim > LlamaConfig.MaxDimension)
            throw fields.Error("head_dim", $"{headCount} heads of {headDim} values are too wide");
        var keyValueHeadCount = fields.Dimension("num_key_value_heads", headCount);
        if (headCount % keyValueHeadCount != 0)
            throw fields.Error("num_key_value_heads", $"{keyValueHeadCount} key-value heads do not divide {headCount} heads");
        var contextLength = fields.Dimension("max_position_embeddings");

        return new LlamaConfig
        {
            HiddenSize = hiddenSize,
            IntermediateSize = fields.Dimension("intermediate_size"),
            LayerCount = fields.Dimension("num_hidden_layers"),
            HeadCount = headCount,
            KeyValueHeadCount = keyValueHeadCount,
            HeadDim = headDim,
            RotaryDim = headDim,
            // Newer files keep all that concerns the rotation in one object.
            RopeTheta = (fields.FindObject("rope_parameters") is { } rope && rope.FindNumber("rope_theta") is not null ? rope : fields)
                .Positive("rope_theta", 10_000),
            RmsNormEpsilon = (float)fields.Positive("rms_norm_eps", 1e-6),
            VocabularySize = fields.Dimension("vocab_size"),
            ContextLength = contextLength,
            RotaryScaling = ReadScaling(fields, contextLength),
        };
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
        foreach (var bias in (string[])["attention_bias", "mlp_bias"])
        {
            if (fields.FindBoolean(bias) == true)
                throw fields.Error(bias, "biases are not supported");
        }
        if (fields.FindInteger("sliding_window") is { } window && window < (fields.FindInteger("max_position_embeddings") ?? long.MaxValue))
            throw fields.Error("sliding_window", $"attention to the last {window} tokens only is not supported");
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
