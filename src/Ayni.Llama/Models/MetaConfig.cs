namespace Ayni.Llama;

/// <summary>
/// Reads the shape of a Llama from Meta's <c>params.json</c>, which leaves much to the tensors and to the reader's knowledge.
/// </summary>
internal static class MetaConfig
{
    // Meta's text models of 3.2 are no wider than this; their published configuration stretches 32 times, that of 3.1 and 3.3 8 times.
    private const int WidestLlama32 = 3072;

    // Fields of other models that share the format. Null, false and 0 mean that the feature is not there.
    private static readonly string[] Refused = ["moe", "lora_args", "quantization_args", "sliding_window"];

    // What no Llama before the fourth has.
    private static readonly string[] OfLlama4 =
        ["moe_args", "nope_layer_interval", "attention_chunk_size", "use_qk_norm", "attn_temperature_tuning"];

    /// <summary>
    /// Reads the shape. Throws <see cref="ModelFormatException"/> for a missing field or an impossible value.
    /// </summary>
    /// <param name="fields">The file.</param>
    /// <param name="find">
    /// Finds a tensor by GGUF's name, merged, or throws: older files leave the vocabulary's size to the embeddings, and all leave the width
    /// of feed-forward networks and experts to a formula, which only Meta's own models need follow.
    /// </param>
    public static LlamaConfig Read(JsonFields fields, Func<string, ModelTensor> find)
    {
        foreach (var field in Refused)
        {
            if (!fields.IsNothing(field))
                throw fields.Error(field, "a model with this feature is not supported");
        }
        var hiddenSize = fields.Dimension("dim");
        var headCount = fields.Dimension("n_heads");
        if (fields.FindInteger("head_dim") is null && hiddenSize % headCount != 0)
            throw fields.Error("n_heads", $"{headCount} heads do not divide the width {hiddenSize}");
        var headDim = fields.Dimension("head_dim", hiddenSize / headCount);
        if (headDim % 2 != 0 || (long)headCount * headDim > LlamaConfig.MaxDimension)
            throw fields.Error("n_heads", $"{headCount} heads of {headDim} values: the values are not pairs, or too many");
        var keyValueHeadCount = fields.Dimension("n_kv_heads", headCount);
        if (headCount % keyValueHeadCount != 0)
            throw fields.Error("n_kv_heads", $"{keyValueHeadCount} key-value heads do not divide {headCount} heads");
        var epsilon = fields.Positive("norm_eps");
        var isLlama4 = IsLlama4(fields);
        var theta = fields.Positive("rope_theta", isLlama4 ? 500_000 : 10_000);
        var isStretched = fields.FindBoolean("use_scaled_rope") ?? false;
        var layerCount = fields.Dimension("n_layers");
        // What is said of each layer is worked out for no more layers than there are.
        find($"blk.{layerCount - 1}.attn_norm.weight");

        var config = new LlamaConfig
        {
            HiddenSize = hiddenSize,
            IntermediateSize = 0,
            LayerCount = layerCount,
            HeadCount = headCount,
            KeyValueHeadCount = keyValueHeadCount,
            HeadDim = headDim,
            RotaryDim = headDim,
            RopeTheta = theta,
            RmsNormEpsilon = (float)epsilon,
            VocabularySize = fields.FindInteger("vocab_size") is null or -1 ? RowsOf(find("token_embd.weight")) : fields.Dimension("vocab_size"),
            ContextLength = isLlama4 ? Llama4ContextLength(fields, isStretched) : ContextLength(isStretched, theta, epsilon),
            RotaryScaling = isStretched ? Scaling(fields, hiddenSize, isLlama4) : null,
        };
        if (isLlama4)
            config = WithLlama4(config, fields, find);
        return config with { IntermediateSize = IntermediateSize(config, fields, find) };
    }

    /// <summary>Whether a file describes a Llama 4, or the guard that is one without experts.</summary>
    public static bool IsLlama4(JsonFields fields) => OfLlama4.Any(name => !fields.IsNothing(name));

    /// <summary>The fields about experts; null where there are none.</summary>
    public static JsonFields? Experts(JsonFields fields) => fields.IsNothing("moe_args") ? null : fields.FindObject("moe_args");

    /// <summary>
    /// The width of a feed-forward network by Meta's formula: two thirds of four times the width, times a multiplier, rounded up to a
    /// multiple.
    /// </summary>
    public static double FeedForwardWidth(int dim, double? multiplier, int multiple)
    {
        var hidden = Math.Floor((multiplier ?? 1) * (8L * dim / 3));
        return Math.Ceiling(hidden / multiple) * multiple;
    }

    /// <summary>Adds what a Llama 4 has more, with the defaults of Meta's code.</summary>
    private static LlamaConfig WithLlama4(LlamaConfig config, JsonFields fields, Func<string, ModelTensor> find) => config with
    {
        LocalAttention = fields.IsNothing("attention_chunk_size") ? null : new(LocalAttentionKind.Chunk, fields.Dimension("attention_chunk_size")),
        UnrotatedLayers = fields.IsNothing("nope_layer_interval") ? []
            : GgufConfig.EveryNth(config.LayerCount, fields.Dimension("nope_layer_interval")),
        NormalizesHeads = fields.FindBoolean("use_qk_norm") ?? false,
        AttentionTemperature = fields.IsNothing("attn_temperature_tuning") ? null
            : new(fields.Positive("floor_scale", GgufConfig.Llama4Temperature.Floor), fields.Positive("attn_scale", GgufConfig.Llama4Temperature.Scale)),
        Experts = Experts(fields) is { } experts ? ReadExperts(config.LayerCount, experts, find) : null,
    };

    private static MixtureOfExperts ReadExperts(int layerCount, JsonFields fields, Func<string, ModelTensor> find)
    {
        if (fields.Dimension("top_k", 1) != 1)
            throw fields.Error("top_k", "more than one expert for a token is not a Llama's");
        var layers = GgufConfig.EveryNth(layerCount, fields.Dimension("interleave_moe_layer_step", 1));
        if (layers.IsEmpty)
            throw fields.Error("interleave_moe_layer_step", $"none of the {layerCount} layers would have experts");
        return new MixtureOfExperts
        {
            Count = fields.Dimension("num_experts"),
            IntermediateSize = RowsOf(find($"blk.{layers[0]}.ffn_gate_exps.weight")),
            Layers = layers,
        };
    }

    /// <summary>That of the first layer, or, where all have them, what the formula gives.</summary>
    private static int IntermediateSize(LlamaConfig config, JsonFields fields, Func<string, ModelTensor> find)
    {
        // Experts are in the last of every so many layers: in the first only if they are in all.
        if (config.Experts is not { Layers: [0, ..] })
            return RowsOf(find("blk.0.ffn_gate.weight"));
        var multiplier = fields.FindNumber("ffn_dim_multiplier") is null ? (double?)null : fields.Positive("ffn_dim_multiplier");
        var width = FeedForwardWidth(config.HiddenSize, multiplier, fields.Dimension("multiple_of", 256));
        return width is > 0 and <= LlamaConfig.MaxDimension
            ? (int)width
            : throw fields.Error("ffn_dim_multiplier", $"feed-forward networks of a width of {width} are none of a Llama");
    }

    private static int RowsOf(ModelTensor matrix) =>
        matrix.Dimensions is [_, > 0 and <= LlamaConfig.MaxDimension and var rows, ..]
            ? (int)rows
            : throw matrix.Error($"it is not a matrix of 1 to {LlamaConfig.MaxDimension} rows");

    /// <summary>The constants of Meta's code.</summary>
    private static Llama3RotaryScaling Scaling(JsonFields fields, int hiddenSize, bool isLlama4) => new()
    {
        Factor = fields.Positive("rope_scaling_factor", isLlama4 ? 16 : hiddenSize <= WidestLlama32 ? 32 : 8),
        LowFrequencyFactor = 1,
        HighFrequencyFactor = fields.Positive("rope_high_freq_factor", isLlama4 ? 1 : 4),
        OriginalContextLength = 8192,
    };

    /// <summary>
    /// What the file doesn't say: Llama 3.1 and later, Llama 3, Code Llama, Llama 2 and Llama 1 are told apart by what it does say.
    /// </summary>
    private static int ContextLength(bool isStretched, double theta, double epsilon) => (isStretched, theta, epsilon) switch
    {
        (true, _, _) => 131_072,
        (_, 500_000, _) => 8_192,
        (_, 1_000_000, _) => 16_384,
        (_, _, 1e-5) => 4_096,
        _ => 2_048,
    };

    /// <summary>The guard's, Scout's, whose rotation alone is stretched, and Maverick's, by their model cards.</summary>
    private static int Llama4ContextLength(JsonFields fields, bool isStretched) =>
        Experts(fields) is null ? 8_192 : isStretched ? 10_485_760 : 1_048_576;
}
