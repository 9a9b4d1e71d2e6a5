using System.Collections.Immutable;
using System.Globalization;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Builds a model's parameters by their names and shapes, wherever their values come from.</summary>
internal abstract class ParameterBuilder(LlamaConfig config)
{
    protected LlamaConfig Config => config;

    /// <summary>Builds all of them.</summary>
    public TrainableModel Build()
    {
        var embedding = Make("token_embd.weight", ParameterRole.Embedding, config.VocabularySize, config.HiddenSize);
        var layers = Enumerable.Range(0, config.LayerCount).Select(Layer).ToImmutableArray();
        var norm = Make("output_norm.weight", ParameterRole.Norm, 1, config.HiddenSize);
        var head = TiesEmbeddings ? embedding : Make("output.weight", ParameterRole.Head, config.VocabularySize, config.HiddenSize);
        return new TrainableModel(config, InverseFrequencies, embedding, head, norm, layers);
    }

    protected abstract bool TiesEmbeddings { get; }

    protected abstract double[] InverseFrequencies { get; }

    /// <summary>The values of a parameter.</summary>
    protected abstract float[] ValuesOf(string name, ParameterRole role, int rows, int columns, int? expert);

    /// <summary>Whether a bias is there.</summary>
    protected abstract bool Has(string name);

    private LayerParameters Layer(int layer)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
        var hasExperts = config.Experts?.Layers.Contains(layer) ?? false;
        return new LayerParameters
        {
            AttentionNorm = Make(prefix + "attn_norm.weight", ParameterRole.Norm, 1, config.HiddenSize),
            Query = MakeLinear(prefix + "attn_q", config.QueryWidth, config.HiddenSize),
            Key = MakeLinear(prefix + "attn_k", config.KeyValueWidth, config.HiddenSize),
            Value = MakeLinear(prefix + "attn_v", config.KeyValueWidth, config.HiddenSize),
            AttentionOutput = MakeLinear(prefix + "attn_output", config.HiddenSize, config.QueryWidth),
            FeedForwardNorm = Make(prefix + "ffn_norm.weight", ParameterRole.Norm, 1, config.HiddenSize),
            FeedForward = hasExperts ? null : FeedForward(prefix, "", config.IntermediateSize),
            Experts = hasExperts ? Experts(prefix, config.Experts!) : null,
        };
    }

    private FeedForwardParameters FeedForward(string prefix, string suffix, int width, int? expert = null) => new(
        MakeLinear($"{prefix}ffn_gate{suffix}", width, config.HiddenSize, expert),
        MakeLinear($"{prefix}ffn_up{suffix}", width, config.HiddenSize, expert),
        MakeLinear($"{prefix}ffn_down{suffix}", config.HiddenSize, width, expert));

    private ExpertParameters Experts(string prefix, MixtureOfExperts experts) => new(
        MakeLinear(prefix + "ffn_gate_inp", experts.Count, config.HiddenSize, isAlwaysExact: true),
        [.. Enumerable.Range(0, experts.Count).Select(expert => FeedForward(prefix, "_exps", experts.IntermediateSize, expert))],
        FeedForward(prefix, "_shexp", experts.IntermediateSize));

    private Linear MakeLinear(string name, int rows, int columns, int? expert = null, bool isAlwaysExact = false) => new(
        Make(name + ".weight", ParameterRole.Matrix, rows, columns, expert),
        Has(name + ".bias") ? Make(name + ".bias", ParameterRole.Bias, 1, rows) : null,
        isAlwaysExact);

    protected virtual Parameter Make(string name, ParameterRole role, int rows, int columns, int? expert = null) =>
        new(name, role, rows, columns, ValuesOf(name, role, rows, columns, expert), expert);
}
