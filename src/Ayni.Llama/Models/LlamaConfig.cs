using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>The shape of a Llama: everything by which one generation differs from another. Field names follow <c>config.json</c>.</summary>
public sealed record LlamaConfig
{
    // Far beyond any model there is, and small enough that products of two of them stay within a long.
    internal const long MaxDimension = 1 << 24;

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward layers.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Values in a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Values of a head that are rotated by position; even, at most <see cref="HeadDim"/>.</summary>
    public required int RotaryDim { get; init; }

    /// <summary>The base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>How the rotary frequencies are scaled beside divisors in the file; null for not at all.</summary>
    public RotaryScaling? RotaryScaling { get; init; }

    /// <summary>Added to the mean square in normalization.</summary>
    public required float RmsNormEpsilon { get; init; }

    /// <summary>Token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The context the model was trained for, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The rotary frequencies of a head's pairs, <c>[rotaryDim / 2]</c>.</summary>
    /// <param name="divisors">What the file divides each frequency by, <c>[rotaryDim / 2]</c>, or empty for nothing.</param>
    public double[] InverseFrequencies(ReadOnlySpan<float> divisors)
    {
        var frequencies = RotaryEmbedding.InverseFrequencies(RotaryDim, RopeTheta, divisors);
        RotaryScaling?.Apply(frequencies, RopeTheta);
        return frequencies;
    }

    /// <summary>Width of all query heads together.</summary>
    public int QueryWidth => HeadCount * HeadDim;

    /// <summary>Width of all key (or value) heads together.</summary>
    public int KeyValueWidth => KeyValueHeadCount * HeadDim;

    /// <summary>
    /// Reads the shape from a GGUF file's <c>llama.*</c> keys. Throws <see cref="ModelFormatException"/> for another architecture, a missing
    /// key or an impossible value.
    /// </summary>
    public static LlamaConfig FromGguf(GgufMetadata metadata, int vocabularySize)
    {
        var architecture = metadata.FindString("general.architecture") ?? throw metadata.Error("general.architecture", "the key is missing");
        if (architecture != "llama")
            throw metadata.Error("general.architecture", $"the architecture is '{architecture}'; Ayni runs 'llama'");
        RefuseUnsupported(metadata);

        var hiddenSize = Dimension(metadata, "llama.embedding_length");
        var headCount = Dimension(metadata, "llama.attention.head_count");
        if (metadata.FindInteger("llama.attention.key_length") is null && hiddenSize % headCount != 0)
            throw metadata.Error("llama.attention.head_count", $"{headCount} heads do not divide the width {hiddenSize}");
        var headDim = Dimension(metadata, "llama.attention.key_length", hiddenSize / headCount);
        var keyValueHeadCount = Dimension(metadata, "llama.attention.head_count_kv", headCount);
        if (headCount % keyValueHeadCount != 0)
            throw metadata.Error("llama.attention.head_count_kv", $"{keyValueHeadCount} key-value heads do not divide {headCount} heads");
        if ((long)headCount * headDim > MaxDimension)
            throw metadata.Error("llama.attention.key_length", $"{headCount} heads of {headDim} values are too wide");
        if (Dimension(metadata, "llama.attention.value_length", headDim) != headDim)
            throw metadata.Error("llama.attention.value_length", $"values of another size than keys ({headDim}) are not a Llama's");
        var rotaryDim = Dimension(metadata, "llama.rope.dimension_count", headDim);
        if (rotaryDim > headDim || rotaryDim % 2 != 0)
            throw metadata.Error("llama.rope.dimension_count", $"{rotaryDim} is not an even number up to the head's {headDim} values");
        var contextLength = Dimension(metadata, "llama.context_length");

        return new LlamaConfig
        {
            HiddenSize = hiddenSize,
            IntermediateSize = Dimension(metadata, "llama.feed_forward_length"),
            LayerCount = Dimension(metadata, "llama.block_count"),
            HeadCount = headCount,
            KeyValueHeadCount = keyValueHeadCount,
            HeadDim = headDim,
            RotaryDim = rotaryDim,
            RopeTheta = Positive(metadata, "llama.rope.freq_base", 10_000),
            RmsNormEpsilon = (float)Positive(metadata, "llama.attention.layer_norm_rms_epsilon", null),
            VocabularySize = vocabularySize,
            ContextLength = contextLength,
            RotaryScaling = GgufRotaryScaling.Read(metadata, contextLength),
        };
    }

    /// <summary>What would change the numbers and is not computed yet is refused, never ignored.</summary>
    private static void RefuseUnsupported(GgufMetadata metadata)
    {
        if (metadata.FindInteger("llama.expert_count") is > 0)
            throw metadata.Error("llama.expert_count", "mixtures of experts are not supported");
        if (metadata.FindNumber("llama.attention.scale") is not null)
            throw metadata.Error("llama.attention.scale", "an attention scale of its own is not supported");
    }

    private static int Dimension(GgufMetadata metadata, string key, int? fallback = null)
    {
        var value = metadata.FindInteger(key) ?? fallback ?? throw metadata.Error(key, "the key is missing");
        return value is > 0 and <= MaxDimension ? (int)value : throw metadata.Error(key, $"{value} is not between 1 and {MaxDimension}");
    }

    private static double Positive(GgufMetadata metadata, string key, double? fallback)
    {
        var value = metadata.FindNumber(key) ?? fallback ?? throw metadata.Error(key, "the key is missing");
        return double.IsFinite(value) && value > 0 ? value : throw metadata.Error(key, $"{value} is not a positive number");
    }
}
