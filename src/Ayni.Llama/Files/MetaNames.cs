using System.Collections.Frozen;
using System.Globalization;

namespace Ayni.Llama;

/// <summary>How the parts of a tensor in Meta's model-parallel files make up the whole.</summary>
internal enum ShardAxis
{
    /// <summary>Every file has the whole.</summary>
    Replicated,

    /// <summary>Each file has some rows.</summary>
    Rows,

    /// <summary>Each file has some columns of every row.</summary>
    Columns,

    /// <summary>Rows since Llama 3, columns before; the shape tells.</summary>
    Either,
}

/// <summary>The names of a Llama's tensors in Meta's own files, and how they are sharded there.</summary>
internal static class MetaNames
{
    private const string LayerPrefix = "layers.";

    private static readonly FrozenDictionary<string, (string Name, ShardAxis Axis)> Parts = new Dictionary<string, (string, ShardAxis)>
    {
        ["tok_embeddings.weight"] = ("token_embd.weight", ShardAxis.Either),
        ["norm.weight"] = ("output_norm.weight", ShardAxis.Replicated),
        ["output.weight"] = ("output.weight", ShardAxis.Rows),
        ["attention_norm.weight"] = ("attn_norm.weight", ShardAxis.Replicated),
        ["attention.wq.weight"] = ("attn_q.weight", ShardAxis.Rows),
        ["attention.wk.weight"] = ("attn_k.weight", ShardAxis.Rows),
        ["attention.wv.weight"] = ("attn_v.weight", ShardAxis.Rows),
        ["attention.wo.weight"] = ("attn_output.weight", ShardAxis.Columns),
        ["ffn_norm.weight"] = ("ffn_norm.weight", ShardAxis.Replicated),
        ["feed_forward.w1.weight"] = ("ffn_gate.weight", ShardAxis.Rows),
        ["feed_forward.w2.weight"] = ("ffn_down.weight", ShardAxis.Columns),
        ["feed_forward.w3.weight"] = ("ffn_up.weight", ShardAxis.Rows),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> FromGgufName =
        Parts.ToFrozenDictionary(pair => pair.Value.Name, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>GGUF's name of a tensor and how it is sharded; null for one that no Llama has.</summary>
    public static (string Name, ShardAxis Axis)? Find(string name)
    {
        var (layer, part) = SplitLayer(name, LayerPrefix);
        return Parts.TryGetValue(part, out var found) && (layer is null) == IsGlobal(found.Name)
            ? (layer is null ? found.Name : $"blk.{layer}.{found.Name}", found.Axis)
            : null;
    }

    /// <summary>Meta's name of a tensor of GGUF's name; null for one that no Llama has.</summary>
    public static string? FromGguf(string name)
    {
        var (layer, part) = SplitLayer(name, "blk.");
        return FromGgufName.TryGetValue(part, out var found) ? (layer is null ? found : $"{LayerPrefix}{layer}.{found}") : null;
    }

    /// <summary>Whether a tensor holds nothing but what follows from the parameters: the first Llamas' rotary frequencies.</summary>
    public static bool IsDerived(string name) => name == "rope.freqs" || name.EndsWith(".attention.inner_attention.rope.freqs", StringComparison.Ordinal);

    private static bool IsGlobal(string ggufName) => ggufName is "token_embd.weight" or "output_norm.weight" or "output.weight";

    /// <summary>The number of a layer, as a name writes it, and what follows it; no number where the name is not a layer's.</summary>
    private static (string? Layer, string Part) SplitLayer(string name, string prefix)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
            return (null, name);
        var end = name.IndexOf('.', prefix.Length);
        var layer = end < 0 ? "" : name[prefix.Length..end];
        return int.TryParse(layer, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number.ToString(CultureInfo.InvariantCulture) == layer
            ? (layer, name[(end + 1)..])
            : (null, name);
    }
}
