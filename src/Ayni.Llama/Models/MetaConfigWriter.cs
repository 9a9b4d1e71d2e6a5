using System.Text.Json.Nodes;

namespace Ayni.Llama;

/// <summary>Writes the shape of a Llama as Meta's <c>params.json</c>.</summary>
internal static class MetaConfigWriter
{
    /// <summary>
    /// The fields. Throws <see cref="ModelFormatException"/> naming what they can't say.
    /// </summary>
    /// <param name="path">The configuration's file, for errors.</param>
    /// <param name="config">The shape.</param>
    public static JsonObject Write(string path, LlamaConfig config)
    {
        var isLlama4 = GgufConfigWriter.IsLlama4(config);
        var hasOwnHeadDim = config.HeadDim * config.HeadCount != config.HiddenSize;
        if (config.LocalAttention is { Kind: LocalAttentionKind.Window })
            throw Unsaid("sliding_window", "Meta's files can't say that attention goes back to the last tokens only");
        if (hasOwnHeadDim && !isLlama4)
            throw Unsaid("head_dim", $"Meta's files have heads of width / heads, not {config.HeadCount} of {config.HeadDim} in a width of {config.HiddenSize}");
        var (multiplier, multiple) = FeedForwardWidth(config.HiddenSize, config.IntermediateSize, config.Experts?.IntermediateSize ?? 0);
        var fields = new JsonObject
        {
            ["dim"] = config.HiddenSize,
            ["n_layers"] = config.LayerCount,
            ["n_heads"] = config.HeadCount,
            ["n_kv_heads"] = config.KeyValueHeadCount,
            ["vocab_size"] = config.VocabularySize,
            ["multiple_of"] = multiple,
            ["norm_eps"] = JsonText.Real(config.RmsNormEpsilon),
            ["rope_theta"] = JsonText.Real(config.RopeTheta),
        };
        if (multiplier is { } factor)
            fields["ffn_dim_multiplier"] = JsonText.Real(factor);
        switch (config.RotaryScaling)
        {
            case null:
                break;
            case Llama3RotaryScaling { LowFrequencyFactor: 1, OriginalContextLength: 8192 } scaling:
                fields["use_scaled_rope"] = true;
                fields["rope_scaling_factor"] = JsonText.Real(scaling.Factor);
                fields["rope_high_freq_factor"] = JsonText.Real(scaling.HighFrequencyFactor);
                break;
            default:
                throw Unsaid("rope_scaling", "Meta's files know only Llama 3's rotary scaling, from a context of 8192 and with a lower limit of 1");
        }
        if (hasOwnHeadDim)
            fields["head_dim"] = config.HeadDim;
        if (isLlama4)
            AddLlama4(fields, config, multiplier ?? 1, multiple, Unsaid);
        return fields;

        ModelFormatException Unsaid(string field, string problem) => new(path, -1, field, problem);
    }

    private static void AddLlama4(
        JsonObject fields, LlamaConfig config, double multiplier, int multiple, Func<string, string, ModelFormatException> unsaid)
    {
        if (config.UnrotatedLayers is [var unrotated, ..])
        {
            if (!config.UnrotatedLayers.SequenceEqual(GgufConfig.EveryNth(config.LayerCount, unrotated + 1)))
                throw unsaid("no_rope_layers", "Meta's files know layers without rotary embedding only as the last of every so many");
            fields["nope_layer_interval"] = unrotated + 1;
        }
        if (config.LocalAttention is { } chunk)
            fields["attention_chunk_size"] = chunk.Size;
        fields["use_qk_norm"] = config.NormalizesHeads;
        fields["attn_temperature_tuning"] = config.AttentionTemperature is not null;
        if (config.AttentionTemperature is { } temperature)
        {
            fields["floor_scale"] = JsonText.Real(temperature.Floor);
            fields["attn_scale"] = JsonText.Real(temperature.Scale);
        }
        if (config.Experts is not { } experts)
            return;
        var step = experts.Layers[0] + 1;
        if (!experts.Layers.SequenceEqual(GgufConfig.EveryNth(config.LayerCount, step)))
            throw unsaid("moe_layers", "Meta's files know layers with experts only as the last of every so many");
        fields["ffn_dim_multiplier"] = JsonText.Real(multiplier);
        fields["ffn_exp"] = JsonText.Real(4.0);
        fields["moe_args"] = new JsonObject
        {
            ["num_experts"] = experts.Count,
            ["top_k"] = 1,
            ["capacity_factor"] = JsonText.Real(CapacityFactor(config.HiddenSize, multiplier, multiple, experts.IntermediateSize)),
            ["auto_scale_F"] = true,
            ["interleave_moe_layer_step"] = step,
        };
    }

    /// <summary>
    /// Meta's code divides the width that a layer without experts would have, before it is rounded up, by one more than this to have that
    /// of an expert (<c>models/llama4/moe.py</c> of <c>llama-models</c>).
    /// </summary>
    internal static double CapacityFactor(int dim, double multiplier, int multiple, int expertWidth)
    {
        var whole = MetaConfig.FeedForwardWidth(dim, multiplier, 1);
        var middle = whole / (expertWidth + 1 - multiple / 2.0) - 1;
        return Shortest(middle, factor => Math.Ceiling(Math.Floor(whole / (factor + 1)) / multiple) * multiple == expertWidth)
            ?? throw new InvalidOperationException($"No factor makes {expertWidth} of {whole}.");
    }

    /// <summary>
    /// Meta's files don't say the feed-forward layers' width but from what it follows: two thirds of four times the width, times a
    /// multiplier, rounded up to a multiple. That of experts, if any, is rounded likewise.
    /// </summary>
    internal static (double? Multiplier, int Multiple) FeedForwardWidth(int dim, int width, int expertWidth = 0)
    {
        int[] multiples =
        [
            .. Enumerable.Range(0, 13).Select(power => 4096 >> power)
                .Where(multiple => width % multiple == 0 && expertWidth % multiple == 0),
        ];
        foreach (var multiple in multiples)
        {
            if (Width(null, multiple) == width)
                return (null, multiple);
        }
        var middle = (width + 1 - multiples[0] / 2.0) / (8L * dim / 3);
        return Shortest(middle, multiplier => Width(multiplier, multiples[0]) == width) is { } found
            ? (found, multiples[0])
            : throw new InvalidOperationException($"No multiplier makes {width} of {dim}.");

        double Width(double? multiplier, int multiple) => MetaConfig.FeedForwardWidth(dim, multiplier, multiple);
    }

    /// <summary>The shortest decimal that fits, in the middle of those that would.</summary>
    private static double? Shortest(double middle, Func<double, bool> fits)
    {
        for (var digits = 0; digits <= 15; digits++)
        {
            if (fits(Math.Round(middle, digits)))
                return Math.Round(middle, digits);
        }
        return null;
    }
}
