using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>Which vocabulary a synthetic model has, and with it which family it belongs to.</summary>
public enum SyntheticVocabularyKind
{
    /// <summary>32,000 SentencePiece tokens.</summary>
    Llama2,

    /// <summary>128,256 byte-level tokens.</summary>
    Llama3,

    /// <summary>202,048 byte-level tokens, and the architecture <c>llama4</c>.</summary>
    Llama4,
}

/// <summary>
/// The shape of a published Llama, from its <c>config.json</c>, to make a model of random weights from. A part of it is changed by
/// <c>with</c>.
/// </summary>
public sealed record SyntheticShape
{
    private const int MaxLayers = 4096;
    private const int MaxExperts = 4096;

    /// <summary>The published name, such as <c>llama-3.2-1b</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The vocabulary and family.</summary>
    public required SyntheticVocabularyKind Vocabulary { get; init; }

    /// <summary>Layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the dense feed-forward layers.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Values in a head; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>The context the model says it was trained for, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The base of the rotary frequencies.</summary>
    public required float RopeTheta { get; init; }

    /// <summary>How the rotary frequencies are scaled, written as <c>rope_freqs.weight</c>; null for not at all.</summary>
    public Llama3RotaryScaling? RotaryScaling { get; init; }

    /// <summary>Whether the output head is the embedding.</summary>
    public bool TiesEmbeddings { get; init; }

    /// <summary>Experts in a mixture layer; 0 for a model without.</summary>
    public int ExpertCount { get; init; }

    /// <summary>Width of one expert, and of the shared one; 0 for a model without.</summary>
    public int ExpertIntermediateSize { get; init; }

    /// <summary>Every how many layers one has experts: 1 for all, 2 for every second; 0 for a model without.</summary>
    public int ExpertInterval { get; init; }

    /// <summary>The shapes there are.</summary>
    public static ImmutableArray<SyntheticShape> All { get; } = Published();

    /// <summary>GGUF's name of the architecture.</summary>
    public string Architecture => Vocabulary == SyntheticVocabularyKind.Llama4 ? "llama4" : "llama";

    /// <summary>Tokens in the vocabulary.</summary>
    public int VocabularySize => Vocabulary switch
    {
        SyntheticVocabularyKind.Llama2 => 32_000,
        SyntheticVocabularyKind.Llama3 => 128_256,
        _ => 202_048,
    };

    /// <summary>The shape of a name, in any case; null for an unknown one.</summary>
    public static SyntheticShape? Find(string name) => All.FirstOrDefault(shape => shape.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a layer's feed-forward is a mixture of experts; as in Llama 4, the last layer of each interval.</summary>
    public bool HasExperts(int layer) => ExpertCount > 0 && (layer + 1) % ExpertInterval == 0;

    /// <summary>What makes the shape impossible, in words, or null for a possible one.</summary>
    public string? FindProblem()
    {
        (string Name, int Value, int Most)[] numbers =
        [
            ("layers", LayerCount, MaxLayers), ("the width", HiddenSize, MaxWidth), ("the feed-forward width", IntermediateSize, MaxWidth),
            ("heads", HeadCount, MaxWidth), ("key-value heads", KeyValueHeadCount, MaxWidth), ("the head's width", HeadDim, MaxWidth),
            ("the context", ContextLength, MaxWidth), .. ExpertNumbers(),
        ];
        foreach (var (name, value, most) in numbers)
        {
            if (value < 1 || value > most)
                return $"{name}: {value} is not between 1 and {most}";
        }
        if (HeadCount % KeyValueHeadCount != 0)
            return $"{KeyValueHeadCount} key-value heads do not divide {HeadCount} heads";
        if (HeadDim % 2 != 0)
            return $"a head of {HeadDim} values can't be rotated in pairs";
        if ((long)HeadCount * HeadDim > MaxWidth)
            return $"{HeadCount} heads of {HeadDim} values are too wide";
        return null;
    }

    private const int MaxWidth = (int)LlamaConfig.MaxDimension;

    private IEnumerable<(string, int, int)> ExpertNumbers() =>
        Vocabulary == SyntheticVocabularyKind.Llama4
            ? [("experts", ExpertCount, MaxExperts), ("an expert's width", ExpertIntermediateSize, MaxWidth), ("the interval", ExpertInterval, MaxLayers)]
            : [];

    private static ImmutableArray<SyntheticShape> Published()
    {
        var llama31 = Scaling(factor: 8, high: 4);
        var llama32 = Scaling(factor: 32, high: 4);
        var llama2 = Dense("llama-2-7b", SyntheticVocabularyKind.Llama2, 32, 4096, 11008, 32, 32, 4096, 10_000);
        var llama2Large = llama2 with { LayerCount = 80, HiddenSize = 8192, IntermediateSize = 28672, HeadCount = 64, KeyValueHeadCount = 8 };
        var llama3 = Dense("llama-3-8b", SyntheticVocabularyKind.Llama3, 32, 4096, 14336, 32, 8, 8192, 500_000);
        var llama3Large = llama3 with { LayerCount = 80, HiddenSize = 8192, IntermediateSize = 28672, HeadCount = 64 };
        var scout = Dense("llama-4-scout", SyntheticVocabularyKind.Llama4, 48, 5120, 16384, 40, 8, 10_485_760, 500_000) with
        {
            RotaryScaling = Scaling(factor: 16, high: 1),
            ExpertCount = 16,
            ExpertIntermediateSize = 8192,
            ExpertInterval = 1,
        };
        return
        [
            Dense("tinyllama-1.1b", SyntheticVocabularyKind.Llama2, 22, 2048, 5632, 32, 4, 2048, 10_000),
            llama2,
            llama2 with { Name = "llama-2-13b", LayerCount = 40, HiddenSize = 5120, IntermediateSize = 13824, HeadCount = 40, KeyValueHeadCount = 40 },
            llama2Large with { Name = "llama-2-70b" },
            llama3,
            llama3Large with { Name = "llama-3-70b" },
            llama3 with { Name = "llama-3.1-8b", ContextLength = 131_072, RotaryScaling = llama31 },
            llama3Large with { Name = "llama-3.1-70b", ContextLength = 131_072, RotaryScaling = llama31 },
            Dense("llama-3.2-1b", SyntheticVocabularyKind.Llama3, 16, 2048, 8192, 32, 8, 131_072, 500_000) with
            {
                TiesEmbeddings = true, RotaryScaling = llama32,
            },
            Dense("llama-3.2-3b", SyntheticVocabularyKind.Llama3, 28, 3072, 8192, 24, 8, 131_072, 500_000) with
            {
                TiesEmbeddings = true, RotaryScaling = llama32,
            },
            llama3Large with { Name = "llama-3.3-70b", ContextLength = 131_072, RotaryScaling = llama31 },
            scout,
            scout with { Name = "llama-4-maverick", ContextLength = 1_048_576, RotaryScaling = null, ExpertCount = 128, ExpertInterval = 2 },
        ];
    }

    private static SyntheticShape Dense(
        string name, SyntheticVocabularyKind vocabulary, int layers, int hidden, int intermediate, int heads, int keyValueHeads, int context, float theta) =>
        new()
        {
            Name = name,
            Vocabulary = vocabulary,
            LayerCount = layers,
            HiddenSize = hidden,
            IntermediateSize = intermediate,
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadDim = hidden / heads,
            ContextLength = context,
            RopeTheta = theta,
        };

    private static Llama3RotaryScaling Scaling(double factor, double high) =>
        new() { Factor = factor, LowFrequencyFactor = 1, HighFrequencyFactor = high, OriginalContextLength = 8192 };
}
