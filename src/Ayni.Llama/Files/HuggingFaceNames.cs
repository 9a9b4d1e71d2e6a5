using System.Collections.Frozen;
using System.Globalization;

namespace Ayni.Llama;

/// <summary>The names of a Llama's tensors in Hugging Face's files and in GGUF.</summary>
internal static class HuggingFaceNames
{
    private const string LayerPrefix = "model.layers.";
    private const string BlockPrefix = "blk.";

    private static readonly FrozenDictionary<string, string> ToGgufName = new Dictionary<string, string>
    {
        ["model.embed_tokens.weight"] = "token_embd.weight",
        ["model.norm.weight"] = "output_norm.weight",
        ["lm_head.weight"] = "output.weight",
        ["input_layernorm.weight"] = "attn_norm.weight",
        ["self_attn.q_proj.weight"] = "attn_q.weight",
        ["self_attn.k_proj.weight"] = "attn_k.weight",
        ["self_attn.v_proj.weight"] = "attn_v.weight",
        ["self_attn.o_proj.weight"] = "attn_output.weight",
        ["post_attention_layernorm.weight"] = "ffn_norm.weight",
        ["mlp.gate_proj.weight"] = "ffn_gate.weight",
        ["mlp.up_proj.weight"] = "ffn_up.weight",
        ["mlp.down_proj.weight"] = "ffn_down.weight",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> FromGgufName =
        ToGgufName.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>GGUF's name of a tensor; null for one that no Llama has.</summary>
    public static string? ToGguf(string name) => Translate(name, LayerPrefix, BlockPrefix, ToGgufName);

    /// <summary>Hugging Face's name of a tensor of GGUF's name; null for one that no Llama has.</summary>
    public static string? FromGguf(string name) => Translate(name, BlockPrefix, LayerPrefix, FromGgufName);

    /// <summary>Whether a tensor holds nothing but what follows from the configuration, as older files keep it.</summary>
    public static bool IsDerived(string name) => name.EndsWith(".self_attn.rotary_emb.inv_freq", StringComparison.Ordinal);

    private static string? Translate(string name, string prefix, string newPrefix, FrozenDictionary<string, string> parts)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
            return parts.GetValueOrDefault(name);
        var dot = name.IndexOf('.', prefix.Length);
        // "01" is not how a layer is numbered, and would make two names one.
        return dot > 0
            && int.TryParse(name.AsSpan(prefix.Length, dot - prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
            && string.Create(CultureInfo.InvariantCulture, $"{prefix}{layer}.") == name[..(dot + 1)]
            && parts.TryGetValue(name[(dot + 1)..], out var part)
            ? string.Create(CultureInfo.InvariantCulture, $"{newPrefix}{layer}.{part}")
            : null;
    }
}
