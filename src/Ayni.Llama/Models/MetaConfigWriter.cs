using System.Globalization;
using System.Text.Json.Nodes;

namespace Ayni.Llama;

/// <summary>Writes the shape of a Llama as Meta's <c>params.json</c>.</summary>
internal static class MetaConfigWriter
{
    /// <summary>
    /// The fields. Throws <see cref="ModelFormatException"/> naming what Meta's code for Llama 1 to 3 can't say.
    /// </summary>
    /// <param name="path">The configuration's file, for errors.</param>
    /// <param name="config">The shape.</param>
    public static JsonObject Write(string path, LlamaConfig config)
    {
        if (GgufConfigWriter.IsLlama4(config))
            throw Unsaid("architecture", "a Llama 4 is not written in Meta's own files; write safetensors or GGUF");
        if (config.LocalAttention is not null)
            throw Unsaid("sliding_window", "Meta's files can't say that attention goes back to the last tokens only");
        if (config.HeadDim * config.HeadCount != config.HiddenSize)
            throw Unsaid("head_dim", $"Meta's files have heads of width / heads, not {config.HeadCount} of {config.HeadDim} in a width of {config.HiddenSize}");
        var (multiplier, multiple) = FeedForwardWidth(config.HiddenSize, config.IntermediateSize);
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
        return fields;

        ModelFormatException Unsaid(string field, string problem) => new(path, -1, field, problem);
    }

    /// <summary>
    /// Meta's files don't say the feed-forward layers' width but from what it follows: two thirds of four times the width, times a multiplier,
    /// rounded up to a multiple.
    /// </summary>
    internal static (double? Multiplier, int Multiple) FeedForwardWidth(int dim, int width)
    {
        int[] multiples = [.. Enumerable.Range(0, 13).Select(power => 4096 >> power).Where(multiple => width % multiple == 0)];
        foreach (var multiple in multiples)
        {
            if (Width(null, multiple) == width)
                return (null, multiple);
        }
        // The shortest decimal that gives the width, in the middle of those that would.
        var middle = (width - (multiples[0] - 1) / 2.0) / (8L * dim / 3);
        for (var digits = 1; digits <= 15; digits++)
        {
            if (Math.Round(middle, digits) is var multiplier && Width(multiplier, multiples[0]) == width)
                return (multiplier, multiples[0]);
        }
        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"No multiplier makes {width} of {dim}."));

        double Width(double? multiplier, int multiple) => MetaConfig.FeedForwardWidth(dim, multiplier, multiple);
    }
}
