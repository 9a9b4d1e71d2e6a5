using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>Reads the shape of a Llama from a GGUF file's <c>llama.*</c> or <c>llama4.*</c> keys.</summary>
internal sealed class GgufConfig
{
    // What no key says of a Llama 4, and llama.cpp knows.
    internal const int Llama4ChunkSize = 8192;
    internal const int Llama4UnrotatedInterval = 4;
    internal const int Llama4ExpertsWithoutHeadNorm = 128;
    internal static readonly AttentionTemperature Llama4Temperature = new(8192, 0.1);

    private static readonly string[] Architectures = ["llama", "llama4"];

    private readonly GgufMetadata _metadata;
    private readonly string _architecture;

    private GgufConfig(GgufMetadata metadata, string architecture)
    {
        _metadata = metadata;
        _architecture = architecture;
    }

    /// <summary>
    /// Reads the shape. Throws <see cref="ModelFormatException"/> for another architecture, a missing key or an impossible value.
    /// </summary>
    public static LlamaConfig Read(GgufMetadata metadata, int vocabularySize) =>
        new GgufConfig(metadata, ArchitectureOf(metadata)).Read(vocabularySize);

    /// <summary>The architecture. Throws <see cref="ModelFormatException"/> naming another than a Llama's.</summary>
    public static string ArchitectureOf(GgufMetadata metadata)
    {
        const string Key = "general.architecture";
        var architecture = metadata.FindString(Key) ?? throw metadata.Error(Key, "the key is missing");
        return Architectures.Contains(architecture) ? architecture
            : throw metadata.Error(Key, $"the architecture is '{architecture}'; Ayni runs {string.Join(" and ", Architectures)}");
    }

    private LlamaConfig Read(int vocabularySize)
    {
        if (Number("attention.scale") is not null)
            throw Error("attention.scale", "an attention scale of its own is not supported");
        var hiddenSize = Dimension("embedding_length");
        var headCount = Dimension("attention.head_count");
        if (Integer("attention.key_length") is null && hiddenSize % headCount != 0)
            throw Error("attention.head_count", $"{headCount} heads do not divide the width {hiddenSize}");
        var headDim = Dimension("attention.key_length", hiddenSize / headCount);
        var keyValueHeadCount = Dimension("attention.head_count_kv", headCount);
        if (headCount % keyValueHeadCount != 0)
            throw Error("attention.head_count_kv", $"{keyValueHeadCount} key-value heads do not divide {headCount} heads");
        if ((long)headCount * headDim > LlamaConfig.MaxDimension)
            throw Error("attention.key_length", $"{headCount} heads of {headDim} values are too wide");
        if (Dimension("attention.value_length", headDim) != headDim)
            throw Error("attention.value_length", $"values of another size than keys ({headDim}) are not a Llama's");
        var rotaryDim = Dimension("rope.dimension_count", headDim);
        if (rotaryDim > headDim || rotaryDim % 2 != 0)
            throw Error("rope.dimension_count", $"{rotaryDim} is not an even number up to the head's {headDim} values");
        var contextLength = Dimension("context_length");

        var config = new LlamaConfig
        {
            HiddenSize = hiddenSize,
            IntermediateSize = Dimension("feed_forward_length"),
            LayerCount = Dimension("block_count"),
            HeadCount = headCount,
            KeyValueHeadCount = keyValueHeadCount,
            HeadDim = headDim,
            RotaryDim = rotaryDim,
            RopeTheta = Positive("rope.freq_base", 10_000),
            RmsNormEpsilon = (float)Positive("attention.layer_norm_rms_epsilon", null),
            VocabularySize = vocabularySize,
            ContextLength = contextLength,
            RotaryScaling = GgufRotaryScaling.Read(_metadata, _architecture, contextLength),
        };
        return _architecture == "llama4" ? WithLlama4(config) : WithWindow(config);
    }

    private LlamaConfig WithWindow(LlamaConfig config)
    {
        if (Integer("expert_count") is > 0)
            throw Error("expert_count", "mixtures of experts of this architecture are not supported");
        return Integer("attention.sliding_window") is not (null or 0)
            ? config with { LocalAttention = new(LocalAttentionKind.Window, Dimension("attention.sliding_window")) }
            : config;
    }

    private LlamaConfig WithLlama4(LlamaConfig config)
    {
        // Other models that borrow the architecture say here that they do not attend in chunks.
        if (Integer("attention.sliding_window") is { } window and not Llama4ChunkSize)
            throw Error("attention.sliding_window", $"the value {window} is not supported; a Llama 4 has {Llama4ChunkSize}");
        var experts = Dimension("expert_count");
        if (Dimension("expert_used_count", 1) != 1)
            throw Error("expert_used_count", "more than one expert for a token is not a Llama's");
        var step = Dimension("interleave_moe_layer_step");
        return WithLlama4(config, experts, Dimension("expert_feed_forward_length"), step);
    }

    /// <summary>
    /// A shape with Llama 4's layers, as a file can say them: what GGUF has no keys for is as in its two published models.
    /// </summary>
    /// <param name="config">The shape without them.</param>
    /// <param name="experts">Experts to choose among.</param>
    /// <param name="width">Width of an expert and of the shared expert.</param>
    /// <param name="step">Of every so many layers the last has experts.</param>
    internal static LlamaConfig WithLlama4(LlamaConfig config, int experts, int width, int step) => config with
    {
        LocalAttention = new(LocalAttentionKind.Chunk, Llama4ChunkSize),
        UnrotatedLayers = EveryNth(config.LayerCount, Llama4UnrotatedInterval),
        NormalizesHeads = experts != Llama4ExpertsWithoutHeadNorm,
        AttentionTemperature = Llama4Temperature,
        Experts = new MixtureOfExperts { Count = experts, IntermediateSize = width, Layers = EveryNth(config.LayerCount, step) },
    };

    /// <summary>The last of every <paramref name="interval"/> layers.</summary>
    internal static ImmutableArray<int> EveryNth(int layers, int interval) =>
        [.. Enumerable.Range(0, layers).Where(layer => (layer + 1) % interval == 0)];

    private long? Integer(string key) => _metadata.FindInteger($"{_architecture}.{key}");

    private double? Number(string key) => _metadata.FindNumber($"{_architecture}.{key}");

    private ModelFormatException Error(string key, string problem) => _metadata.Error($"{_architecture}.{key}", problem);

    private int Dimension(string key, int? fallback = null)
    {
        var value = Integer(key) ?? fallback ?? throw Error(key, "the key is missing");
        return value is > 0 and <= LlamaConfig.MaxDimension
            ? (int)value
            : throw Error(key, $"{value} is not between 1 and {LlamaConfig.MaxDimension}");
    }

    private double Positive(string key, double? fallback)
    {
        var value = Number(key) ?? fallback ?? throw Error(key, "the key is missing");
        return double.IsFinite(value) && value > 0 ? value : throw Error(key, $"{value} is not a positive number");
    }
}
