using System.Collections.Frozen;
using System.Globalization;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Which type each tensor of a model is written in, by the names and rules that llama.cpp's users know: a mix has a base type, and gives
/// tensors whose errors matter most (the output head, values, the feed-forward's way down) more bits, some of them in some layers only.
/// </summary>
public sealed class QuantizationMix
{
    private static readonly FrozenDictionary<string, (TensorType Base, int FileType)> Mixes = new Dictionary<string, (TensorType, int)>
    {
        ["F32"] = (TensorType.F32, 0),
        ["F16"] = (TensorType.F16, 1),
        ["BF16"] = (TensorType.BF16, 32),
        ["Q4_0"] = (TensorType.Q4_0, 2),
        ["Q4_1"] = (TensorType.Q4_1, 3),
        ["Q5_0"] = (TensorType.Q5_0, 8),
        ["Q5_1"] = (TensorType.Q5_1, 9),
        ["Q8_0"] = (TensorType.Q8_0, 7),
        ["Q2_K"] = (TensorType.Q2_K, 10),
        ["Q2_K_S"] = (TensorType.Q2_K, 21),
        ["Q3_K_S"] = (TensorType.Q3_K, 11),
        ["Q3_K_M"] = (TensorType.Q3_K, 12),
        ["Q3_K_L"] = (TensorType.Q3_K, 13),
        ["Q4_K_S"] = (TensorType.Q4_K, 14),
        ["Q4_K_M"] = (TensorType.Q4_K, 15),
        ["Q5_K_S"] = (TensorType.Q5_K, 16),
        ["Q5_K_M"] = (TensorType.Q5_K, 17),
        ["Q6_K"] = (TensorType.Q6_K, 18),
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private readonly TensorType _base;

    private QuantizationMix(string name, TensorType baseType, int fileType)
    {
        Name = name;
        _base = baseType;
        FileType = fileType;
    }

    /// <summary>The names of all mixes.</summary>
    public static IEnumerable<string> Names { get; } = [.. Mixes.OrderBy(mix => mix.Value.FileType).Select(mix => mix.Key)];

    /// <summary>The mix's name, such as <c>Q4_K_M</c>.</summary>
    public string Name { get; }

    /// <summary>The number GGUF files keep under <c>general.file_type</c>.</summary>
    public int FileType { get; }

    /// <summary>
    /// The mix of a name, in any case; null for an unknown one. <c>Q3_K</c>, <c>Q4_K</c> and <c>Q5_K</c> mean their <c>_M</c>.
    /// </summary>
    public static QuantizationMix? Find(string name)
    {
        var key = Mixes.Keys.FirstOrDefault(k => k.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? Mixes.Keys.FirstOrDefault(k => k.Equals($"{name}_M", StringComparison.OrdinalIgnoreCase));
        return key is null ? null : new QuantizationMix(key, Mixes[key].Base, Mixes[key].FileType);
    }

    /// <summary>The type of one tensor.</summary>
    /// <param name="name">Its GGUF name.</param>
    /// <param name="columns">The length of its rows; 0 for a vector, which stays F32.</param>
    /// <param name="model">What the rules ask of the model.</param>
    public TensorType TypeOf(string name, long columns, in QuantizedModel model)
    {
        // Vectors and routers are small and their errors are not.
        if (columns == 0 || name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal) || !name.EndsWith(".weight", StringComparison.Ordinal))
            return TensorType.F32;
        if (_base is TensorType.F32 or TensorType.F16 or TensorType.BF16)
            return _base;
        var isHead = name == "output.weight" || (name == "token_embd.weight" && !model.HasOutputHead);
        var type = isHead ? HeadType() : name == "token_embd.weight" ? _base : LayerType(name, model);
        return columns % TensorTypes.FormatOf(type).Weights == 0 ? type : Narrower(type, columns, name);
    }

    private TensorType HeadType() => _base == TensorType.Q8_0 ? TensorType.Q8_0 : TensorType.Q6_K;

    private TensorType LayerType(string name, in QuantizedModel model)
    {
        var parts = name.Split('.');
        if (parts is not ["blk", var number, var part, "weight"]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var layer))
            return _base;
        return part switch
        {
            "attn_v" => ValueType(layer, model),
            "attn_k" when model.ExpertCount == 8 => TensorType.Q8_0,
            "attn_output" => AttentionOutputType(model),
            "ffn_down" or "ffn_down_exps" or "ffn_down_shexp" => DownType(layer, model),
            _ => _base,
        };
    }

    private TensorType ValueType(int layer, in QuantizedModel model)
    {
        var type = Name switch
        {
            "Q2_K" => model.QueriesPerKey >= 4 ? TensorType.Q4_K : TensorType.Q3_K,
            "Q2_K_S" when model.QueriesPerKey >= 4 => TensorType.Q4_K,
            "Q3_K_M" => layer < 2 ? TensorType.Q5_K : TensorType.Q4_K,
            "Q3_K_L" => TensorType.Q5_K,
            "Q4_K_M" or "Q5_K_M" when UsesMoreBits(layer, model.LayerCount) => TensorType.Q6_K,
            "Q4_K_S" when layer < 4 => TensorType.Q5_K,
            _ => _base,
        };
        // The 70B model's values serve eight query heads each, so they are a small part of it and worth more bits.
        if (model is { LayerCount: 80, QueriesPerKey: 8 } && type is TensorType.Q3_K or TensorType.Q4_K)
            type = TensorType.Q5_K;
        return model.ExpertCount == 8 ? TensorType.Q8_0 : type;
    }

    private TensorType AttentionOutputType(in QuantizedModel model)
    {
        if (model.ExpertCount == 8)
            return Name is "Q2_K" or "Q3_K_S" or "Q3_K_M" or "Q4_K_S" or "Q4_K_M" ? TensorType.Q5_K : _base;
        return Name switch
        {
            "Q2_K" => TensorType.Q3_K,
            "Q3_K_M" => TensorType.Q4_K,
            "Q3_K_L" => TensorType.Q5_K,
            _ => _base,
        };
    }

    private TensorType DownType(int layer, in QuantizedModel model) => Name switch
    {
        "Q2_K" => TensorType.Q3_K,
        "Q2_K_S" when layer < model.LayerCount / 8 => TensorType.Q4_K,
        "Q3_K_M" => layer < model.LayerCount / 16 ? TensorType.Q5_K : TensorType.Q4_K,
        "Q3_K_L" => TensorType.Q5_K,
        "Q4_K_M" or "Q5_K_M" when UsesMoreBits(layer, model.LayerCount) => TensorType.Q6_K,
        "Q4_K_S" when layer < model.LayerCount / 8 => TensorType.Q5_K,
        "Q4_0" when model.HasImportance && layer < model.LayerCount / 8 => TensorType.Q4_1,
        "Q5_0" when model.HasImportance && layer < model.LayerCount / 8 => TensorType.Q5_1,
        _ => _base,
    };

    /// <summary>The first and last eighth of the layers, and every third between them.</summary>
    private static bool UsesMoreBits(int layer, int layers) =>
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;

    /// <summary>What a row takes that is not whole blocks of 256: about as many bits in blocks of 32, or F16.</summary>
    private static TensorType Narrower(TensorType type, long columns, string name)
    {
        var fallback = name is "output.weight" or "token_embd.weight" ? TensorType.Q8_0 : type switch
        {
            TensorType.Q2_K or TensorType.Q3_K or TensorType.Q4_K => TensorType.Q5_0,
            TensorType.Q5_K => TensorType.Q5_1,
            TensorType.Q6_K => TensorType.Q8_0,
            _ => type,
        };
        return columns % TensorTypes.FormatOf(fallback).Weights == 0 ? fallback : TensorType.F16;
    }
}

/// <summary>What a mix's rules ask of a model.</summary>
/// <param name="LayerCount">Layers.</param>
/// <param name="QueriesPerKey">Query heads that share a key-value head.</param>
/// <param name="ExpertCount">Experts a layer; 0 for none.</param>
/// <param name="HasOutputHead">Whether the output head is a tensor of its own.</param>
/// <param name="HasImportance">Whether an importance matrix is given.</param>
public readonly record struct QuantizedModel(int LayerCount, int QueriesPerKey, int ExpertCount, bool HasOutputHead, bool HasImportance);
