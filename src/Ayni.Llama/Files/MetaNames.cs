using System.Collections.Frozen;
using System.Collections.Immutable;
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

/// <summary>What a tensor of Meta's files holds.</summary>
/// <param name="Axis">How it is sharded.</param>
/// <param name="IsByInput">Whether a row belongs to an input, not to an output as elsewhere; experts then follow one another.</param>
/// <param name="Names">GGUF's names for it; of several, each file has some rows of the first, then of the second and so on.</param>
internal sealed record MetaTensor(ShardAxis Axis, bool IsByInput, params ImmutableArray<string> Names);

/// <summary>
/// The names of a Llama's tensors in Meta's own files, and how they lie there. Those of Llama 4 are the ones that the loading code of
/// <c>llama-models</c> renames before it uses them: D is the model's width, F the feed-forward network's, e or E the experts.
/// </summary>
internal static class MetaNames
{
    private const string LayerPrefix = "layers.";

    private static readonly Dictionary<string, MetaTensor> Llama = new(StringComparer.Ordinal)
    {
        ["tok_embeddings.weight"] = new(ShardAxis.Either, false, "token_embd.weight"),
        ["norm.weight"] = new(ShardAxis.Replicated, false, "output_norm.weight"),
        ["output.weight"] = new(ShardAxis.Rows, false, "output.weight"),
        ["attention_norm.weight"] = new(ShardAxis.Replicated, false, "attn_norm.weight"),
        ["attention.wq.weight"] = new(ShardAxis.Rows, false, "attn_q.weight"),
        ["attention.wk.weight"] = new(ShardAxis.Rows, false, "attn_k.weight"),
        ["attention.wv.weight"] = new(ShardAxis.Rows, false, "attn_v.weight"),
        ["attention.wo.weight"] = new(ShardAxis.Columns, false, "attn_output.weight"),
        ["ffn_norm.weight"] = new(ShardAxis.Replicated, false, "ffn_norm.weight"),
        ["feed_forward.w1.weight"] = new(ShardAxis.Rows, false, "ffn_gate.weight"),
        ["feed_forward.w2.weight"] = new(ShardAxis.Columns, false, "ffn_down.weight"),
        ["feed_forward.w3.weight"] = new(ShardAxis.Rows, false, "ffn_up.weight"),
    };

    private static readonly Dictionary<string, MetaTensor> Llama4 = new(StringComparer.Ordinal)
    {
        ["attention.wqkv.layer_norm_weight"] = new(ShardAxis.Replicated, false, "attn_norm.weight"),
        ["attention.wqkv.weight"] = new(ShardAxis.Rows, false, "attn_q.weight", "attn_k.weight", "attn_v.weight"),
        ["feed_forward.mlp.layer_norm_weight"] = new(ShardAxis.Replicated, false, "ffn_norm.weight"),
        ["feed_forward.mlp.fc1_weight"] = new(ShardAxis.Rows, false, "ffn_gate.weight", "ffn_up.weight"),
        ["feed_forward.mlp.fc2_weight"] = new(ShardAxis.Columns, false, "ffn_down.weight"),
        ["feed_forward.norm.weight"] = new(ShardAxis.Replicated, false, "ffn_norm.weight"),
        ["feed_forward.router_DE"] = new(ShardAxis.Replicated, true, "ffn_gate_inp.weight"),
        ["feed_forward.experts.moe_w_in_eD_F"] = new(ShardAxis.Columns, true, "ffn_gate_exps.weight"),
        ["feed_forward.experts.moe_w_swiglu_eD_F"] = new(ShardAxis.Columns, true, "ffn_up_exps.weight"),
        ["feed_forward.experts.moe_w_out_eF_D"] = new(ShardAxis.Rows, true, "ffn_down_exps.weight"),
        ["feed_forward.w_in_shared_FD.weight"] = new(ShardAxis.Rows, false, "ffn_gate_shexp.weight"),
        ["feed_forward.w_swiglu_FD.weight"] = new(ShardAxis.Rows, false, "ffn_up_shexp.weight"),
        ["feed_forward.w_out_shared_DF.weight"] = new(ShardAxis.Columns, false, "ffn_down_shexp.weight"),
    };

    private static readonly FrozenDictionary<string, MetaTensor> Known = Llama.Concat(Llama4).ToFrozenDictionary(StringComparer.Ordinal);
    private static readonly FrozenDictionary<string, string> FromLlama = Inverse(Llama);
    private static readonly FrozenDictionary<string, string> FromLlama4 = Inverse(Llama.Concat(Llama4));

    /// <summary>What a tensor of a name holds; null for one that no Llama has.</summary>
    public static MetaTensor? Find(string name)
    {
        var (layer, part) = SplitLayer(name, LayerPrefix);
        return !Known.TryGetValue(part, out var found) || (layer is null) != IsGlobal(found.Names[0]) ? null
            : layer is null ? found
            : found with { Names = [.. found.Names.Select(inner => $"blk.{layer}.{inner}")] };
    }

    /// <summary>Meta's name of a tensor of GGUF's name; null for one that no Llama has.</summary>
    /// <param name="name">GGUF's name.</param>
    /// <param name="isLlama4">Whether it is a Llama 4's, where several of GGUF's tensors may be one.</param>
    public static string? FromGguf(string name, bool isLlama4 = false)
    {
        var (layer, part) = SplitLayer(name, "blk.");
        return (isLlama4 ? FromLlama4 : FromLlama).TryGetValue(part, out var found) ? (layer is null ? found : $"{LayerPrefix}{layer}.{found}") : null;
    }

    /// <summary>
    /// Whether nothing that is said of a text depends on a tensor: rotary frequencies follow from the parameters, statistics of a router
    /// are for training, and what sees pictures has no part in text.
    /// </summary>
    public static bool IsLeftOut(string name) =>
        name == "rope.freqs"
        || name.EndsWith(".attention.inner_attention.rope.freqs", StringComparison.Ordinal)
        || name.EndsWith(".feed_forward.global_gate_stats_3E", StringComparison.Ordinal)
        || name.EndsWith(".feed_forward.running_gate_stats_3E", StringComparison.Ordinal)
        || name.EndsWith(".feed_forward.expert_activation_DE", StringComparison.Ordinal)
        || name.StartsWith("vision_embeddings.", StringComparison.Ordinal)
        || name.StartsWith("vision_projection.", StringComparison.Ordinal);

    private static bool IsGlobal(string ggufName) => ggufName is "token_embd.weight" or "output_norm.weight" or "output.weight";

    /// <summary>Of two names for the same, the later one.</summary>
    private static FrozenDictionary<string, string> Inverse(IEnumerable<KeyValuePair<string, MetaTensor>> tensors)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (stored, tensor) in tensors)
        {
            foreach (var name in tensor.Names)
                names[name] = stored;
        }
        return names.ToFrozenDictionary(StringComparer.Ordinal);
    }

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
