using System.Collections.Frozen;
using System.Globalization;

namespace Ayni.Llama;

/// <summary>The names of a Llama's tensors in Hugging Face's files and in GGUF.</summary>
internal sealed class HuggingFaceNames
{
    /// <summary>Those of Llama 1 to 3.3.</summary>
    public static readonly HuggingFaceNames Llama = new("mlp.", []);

    /// <summary>Those of Llama 4.</summary>
    public static readonly HuggingFaceNames Llama4 = new("feed_forward.", new()
    {
        ["feed_forward.router.weight"] = "ffn_gate_inp.weight",
        ["feed_forward.shared_expert.gate_proj.weight"] = "ffn_gate_shexp.weight",
        ["feed_forward.shared_expert.up_proj.weight"] = "ffn_up_shexp.weight",
        ["feed_forward.shared_expert.down_proj.weight"] = "ffn_down_shexp.weight",
        [GateAndUpExperts] = "ffn_gate_exps.weight",
        ["feed_forward.experts.down_proj"] = "ffn_down_exps.weight",
    });

    /// <summary>What the tensor is called that holds all experts' gates and, beside them, their up projections.</summary>
    public const string GateAndUpExperts = "feed_forward.experts.gate_up_proj";

    private const string LayerPrefix = "model.layers.";
    private const string BlockPrefix = "blk.";

    private readonly FrozenDictionary<string, string> _toGguf;
    private readonly FrozenDictionary<string, string> _fromGguf;

    private HuggingFaceNames(string feedForward, Dictionary<string, string> more)
    {
        var names = new Dictionary<string, string>(more)
        {
            ["model.embed_tokens.weight"] = "token_embd.weight",
            ["model.norm.weight"] = "output_norm.weight",
            ["lm_head.weight"] = "output.weight",
            ["input_layernorm.weight"] = "attn_norm.weight",
            ["post_attention_layernorm.weight"] = "ffn_norm.weight",
        };
        foreach (var kind in (string[])["weight", "bias"])
        {
            names[$"self_attn.q_proj.{kind}"] = $"attn_q.{kind}";
            names[$"self_attn.k_proj.{kind}"] = $"attn_k.{kind}";
            names[$"self_attn.v_proj.{kind}"] = $"attn_v.{kind}";
            names[$"self_attn.o_proj.{kind}"] = $"attn_output.{kind}";
            names[$"{feedForward}gate_proj.{kind}"] = $"ffn_gate.{kind}";
            names[$"{feedForward}up_proj.{kind}"] = $"ffn_up.{kind}";
            names[$"{feedForward}down_proj.{kind}"] = $"ffn_down.{kind}";
        }
        _toGguf = names.ToFrozenDictionary(StringComparer.Ordinal);
        _fromGguf = names.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
    }

    /// <summary>
    /// GGUF's name of a tensor; null for one that no Llama has. Experts' gates and up projections, one tensor here, have that of the gates.
    /// </summary>
    public string? ToGguf(string name) => Translate(name, LayerPrefix, BlockPrefix, _toGguf);

    /// <summary>Hugging Face's name of a tensor of GGUF's name; null for one that no Llama has.</summary>
    public string? FromGguf(string name) =>
        Translate(name.Replace("ffn_up_exps", "ffn_gate_exps", StringComparison.Ordinal), BlockPrefix, LayerPrefix, _fromGguf);

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
