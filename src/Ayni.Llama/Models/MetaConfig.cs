namespace Ayni.Llama;

/// <summary>Reads the shape of a Llama from Meta's <c>params.json</c>, which leaves much to the tensors and to the reader's knowledge.</summary>
internal static class MetaConfig
{
    // Meta's text models of 3.2 are no wider than this; their published configuration stretches 32 times, that of 3.1 and 3.3 8 times.
    private const int WidestLlama32 = 3072;

    // Fields of other models that share the format. Null, false and 0 mean that the feature is not there.
    private static readonly string[] Refused = ["moe", "moe_args", "lora_args", "quantization_args", "sliding_window"];

    /// <summary>
    /// Reads the shape. Throws <see cref="ModelFormatException"/> for a missing field or an impossible value.
    /// </summary>
    /// <param name="fields">The file.</param>
    /// <param name="embedding">The token embeddings, merged: older files leave the vocabulary's size to them.</param>
    /// <param name="gate">The first layer's gate, merged: the feed-forward layers' width.</param>
    public static LlamaConfig Read(JsonFields fields, ModelTensor embedding, ModelTensor gate)
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
        var theta = fields.Positive("rope_theta", 10_000);
        var isStretched = fields.FindBoolean("use_scaled_rope") ?? false;

        return new LlamaConfig
        {
            HiddenSize = hiddenSize,
            IntermediateSize = SizeOf(gate),
            LayerCount = fields.Dimension("n_layers"),
            HeadCount = headCount,
            KeyValueHeadCount = keyValueHeadCount,
            HeadDim = headDim,
            RotaryDim = headDim,
            RopeTheta = theta,
            RmsNormEpsilon = (float)epsilon,
            VocabularySize = fields.FindInteger("vocab_size") is null or -1 ? SizeOf(embedding) : fields.Dimension("vocab_size"),
            ContextLength = ContextLength(isStretched, theta, epsilon),
            RotaryScaling = isStretched ? Scaling(fields, hiddenSize) : null,
        };
    }

    private static int SizeOf(ModelTensor matrix) =>
        matrix.Dimensions is [_, > 0 and <= LlamaConfig.MaxDimension and var rows]
            ? (int)rows
            : throw matrix.Error($"it is not a matrix of 1 to {LlamaConfig.MaxDimension} rows");

    /// <summary>The constants of Meta's code.</summary>
    private static Llama3RotaryScaling Scaling(JsonFields fields, int hiddenSize) => new()
    {
        Factor = fields.Positive("rope_scaling_factor", hiddenSize <= WidestLlama32 ? 32 : 8),
        LowFrequencyFactor = 1,
        HighFrequencyFactor = fields.Positive("rope_high_freq_factor", 4),
        OriginalContextLength = 8192,
    };

    /// <summary>What the file doesn't say: Llama 3.1 and later, Llama 3, Code Llama, Llama 2 and Llama 1 are told apart by what it does say.</summary>
    private static int ContextLength(bool isStretched, double theta, double epsilon) => (isStretched, theta, epsilon) switch
    {
        (true, _, _) => 131_072,
        (_, 500_000, _) => 8_192,
        (_, 1_000_000, _) => 16_384,
        (_, _, 1e-5) => 4_096,
        _ => 2_048,
    };
}
