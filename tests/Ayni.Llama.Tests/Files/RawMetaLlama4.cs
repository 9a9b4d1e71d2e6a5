using System.Text;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>
/// Writes a Llama 4 of the reference data, which is in Hugging Face's files, as Meta would: in its own names and layout, in model-parallel
/// parts. Knows nothing of the reader's code.
/// </summary>
internal sealed class RawMetaLlama4 : IDisposable
{
    private readonly SafetensorsFile _file;
    private readonly LlamaConfig _config;
    private readonly int _parts;

    /// <param name="model">The reference model.</param>
    /// <param name="parts">How many parts; more than key-value heads only where <paramref name="isFused"/> is false.</param>
    /// <param name="isFused">Whether queries, keys and values are one tensor, and gates and up projections of layers without
    /// experts.</param>
    public RawMetaLlama4(string model, int parts, bool isFused)
    {
        _file = SafetensorsFile.Open(Conformance.PathOf("models", model, "model.safetensors"));
        _config = HuggingFaceConfig.Read(JsonFields.Read(Conformance.PathOf("models", model, "config.json")));
        _parts = parts;
        IsFused = isFused;
    }

    private bool IsFused { get; }

    public void Dispose() => _file.Dispose();

    /// <summary>Writes the parameters and all parts.</summary>
    public void Write(TemporaryFolder folder)
    {
        folder.Write("params.json", Encoding.UTF8.GetBytes(Parameters()));
        for (var part = 0; part < _parts; part++)
            folder.Write($"consolidated.0{part}.pth", RawCheckpoint.Of(Part(part)));
    }

    /// <summary>The fields of <c>params.json</c>; those that are as in Meta's code by default are left out.</summary>
    public string Parameters()
    {
        var experts = _config.Experts!;
        var step = experts.Layers[0] + 1;
        var (multiplier, multiple) = MetaConfigWriter.FeedForwardWidth(_config.HiddenSize, _config.IntermediateSize);
        var steps = _config.AttentionTemperature!.Value.Floor;
        var floor = steps == 8192 ? "" : FormattableString.Invariant($"\"floor_scale\": {steps},");
        return FormattableString.Invariant($$"""
            {"dim": {{_config.HiddenSize}}, "n_layers": {{_config.LayerCount}}, "n_heads": {{_config.HeadCount}}, "n_kv_heads": {{_config.KeyValueHeadCount}},
             "head_dim": {{_config.HeadDim}}, "vocab_size": -1, "ffn_exp": 4.0, "ffn_dim_multiplier": {{multiplier ?? 1}}, "multiple_of": {{multiple}},
             "norm_eps": 1e-05, "rope_theta": {{_config.RopeTheta}}, "use_scaled_rope": {{(_config.RotaryScaling is null ? "false" : "true")}},
             "nope_layer_interval": 4, "attention_chunk_size": {{_config.LocalAttention!.Value.Size}}, {{floor}}
             "use_qk_norm": {{(_config.NormalizesHeads ? "true" : "false")}}, "attn_temperature_tuning": true, "attn_scale": 0.1,
             "moe_args": {"num_experts": {{experts.Count}}, "top_k": 1, "capacity_factor": 1.0, "auto_scale_F": true, "interleave_moe_layer_step": {{step}}},
             "vision_args": {"image_size": {"height": 336, "width": 336}, "dim": 1408} }
            """);
    }

    /// <summary>The tensors of one part, and what lies beside them in Meta's files.</summary>
    public IEnumerable<RawTensor> Part(int part)
    {
        yield return Of("tok_embeddings.weight", Stored("model.embed_tokens.weight").Rows(part, _parts));
        yield return Of("output.weight", Stored("lm_head.weight").Rows(part, _parts));
        yield return Vector("norm.weight", "model.norm.weight");
        yield return new RawTensor("rope.freqs", [1], [1, 2, 3, 4]);
        yield return new RawTensor("vision_embeddings.vision_encoder.class_embedding", [2], new byte[8]);
        yield return new RawTensor("vision_projection.weight", [2, 1], new byte[8]);
        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            var prefix = $"layers.{layer}.";
            foreach (var tensor in Attention(layer, part))
                yield return tensor with { Name = prefix + "attention." + tensor.Name };
            foreach (var tensor in _config.Experts!.Layers.Contains(layer) ? Experts(layer, part) : Dense(layer, part))
                yield return tensor with { Name = prefix + "feed_forward." + tensor.Name };
        }
    }

    private IEnumerable<RawTensor> Attention(int layer, int part)
    {
        var source = $"model.layers.{layer}.self_attn.";
        yield return Vector("wqkv.layer_norm_weight", $"model.layers.{layer}.input_layernorm.weight");
        yield return Of("wo.weight", Stored(source + "o_proj.weight").Columns(part, _parts));
        yield return new RawTensor("wo._extra_state", [], [0x80, 2, 0xFF]) { Storage = "BytesIO" };
        yield return new RawTensor("wqkv._extra_state", [], []) { Storage = "BytesIO" };
        var query = Stored(source + "q_proj.weight").Rows(part, _parts);
        // Where parts outnumber them, each has the key-value head that its query heads go with.
        var keyValueParts = Math.Min(_parts, _config.KeyValueHeadCount);
        var (key, value) = (KeyValue("k_proj"), KeyValue("v_proj"));
        if (IsFused)
            yield return Of("wqkv.weight", Numbers.Stack(query, key, value));
        else
        {
            yield return Of("wq.weight", query);
            yield return Of("wk.weight", key);
            yield return Of("wv.weight", value);
        }

        Numbers KeyValue(string name) => Stored($"{source}{name}.weight").Rows(part * keyValueParts / _parts, keyValueParts);
    }

    private IEnumerable<RawTensor> Dense(int layer, int part)
    {
        var source = $"model.layers.{layer}.feed_forward.";
        yield return Vector(IsFused ? "mlp.layer_norm_weight" : "norm.weight", $"model.layers.{layer}.post_attention_layernorm.weight");
        var gate = Stored(source + "gate_proj.weight").Rows(part, _parts);
        var up = Stored(source + "up_proj.weight").Rows(part, _parts);
        yield return Of(IsFused ? "mlp.fc2_weight" : "w2.weight", Stored(source + "down_proj.weight").Columns(part, _parts));
        if (IsFused)
            yield return Of("mlp.fc1_weight", Numbers.Stack(gate, up));
        else
        {
            yield return Of("w1.weight", gate);
            yield return Of("w3.weight", up);
        }
    }

    private IEnumerable<RawTensor> Experts(int layer, int part)
    {
        var (source, width) = ($"model.layers.{layer}.feed_forward.", _config.HiddenSize);
        yield return Vector("norm.weight", $"model.layers.{layer}.post_attention_layernorm.weight");
        yield return Of("router_DE", Stored(source + "router.weight").Turned());
        yield return new RawTensor("global_gate_stats_3E", [3, _config.Experts!.Count], new byte[12 * _config.Experts.Count]);
        yield return new RawTensor("expert_activation_DE", [2], new byte[8]);
        // [experts, inputs, gates and up projections] and [experts, inputs, outputs], the experts' rows beneath one another.
        Numbers[] gateAndUp = [.. Stored(source + "experts.gate_up_proj").Rows(width)];
        yield return Of("experts.moe_w_in_eD_F", Numbers.Stack([.. gateAndUp.Select(expert => expert.Columns(0, 2).Columns(part, _parts))]));
        yield return Of("experts.moe_w_swiglu_eD_F", Numbers.Stack([.. gateAndUp.Select(expert => expert.Columns(1, 2).Columns(part, _parts))]));
        var down = Stored(source + "experts.down_proj").Rows(_config.Experts.IntermediateSize);
        yield return Of("experts.moe_w_out_eF_D", Numbers.Stack([.. down.Select(expert => expert.Rows(part, _parts))]));
        yield return Of("w_in_shared_FD.weight", Stored(source + "shared_expert.gate_proj.weight").Rows(part, _parts));
        yield return Of("w_swiglu_FD.weight", Stored(source + "shared_expert.up_proj.weight").Rows(part, _parts));
        yield return Of("w_out_shared_DF.weight", Stored(source + "shared_expert.down_proj.weight").Columns(part, _parts));
    }

    private static RawTensor Of(string name, Numbers matrix) => new(name, [matrix.Height, matrix.Width], matrix.Bytes) { Storage = "BFloat16Storage" };

    private RawTensor Vector(string name, string source) => Of(name, Stored(source)) is var matrix ? matrix with { Shape = [matrix.Shape[1]] } : null!;

    /// <summary>What the file holds, as rows of its last dimension.</summary>
    private Numbers Stored(string name)
    {
        var tensor = _file.Tensors.Single(tensor => tensor.Name == name);
        Assert.Equal("BF16", tensor.Type.Name);
        return new Numbers((int)tensor.Shape[^1], _file.Data(tensor).Span(0, (int)tensor.Bytes).ToArray());
    }

    /// <summary>A matrix of numbers of two bytes.</summary>
    private sealed record Numbers(int Width, byte[] Bytes)
    {
        public int Height => Bytes.Length / 2 / Width;

        public static Numbers Stack(params Numbers[] matrices) => new(matrices[0].Width, [.. matrices.SelectMany(matrix => matrix.Bytes)]);

        /// <summary>The part of that number, of so many with equally many rows.</summary>
        public Numbers Rows(int part, int parts) => this with { Bytes = Bytes[(Bytes.Length / parts * part)..(Bytes.Length / parts * (part + 1))] };

        /// <summary>Matrices of so many rows.</summary>
        public IEnumerable<Numbers> Rows(int height) => Bytes.Chunk(height * Width * 2).Select(bytes => this with { Bytes = bytes });

        public Numbers Columns(int part, int parts) => new(
            Width / parts, [.. Bytes.Chunk(Width * 2).SelectMany(row => row[(row.Length / parts * part)..(row.Length / parts * (part + 1))])]);

        public Numbers Turned() => new(
            Height,
            [
                .. from column in Enumerable.Range(0, Width)
                   from row in Enumerable.Range(0, Height)
                   from part in Enumerable.Range(0, 2)
                   select Bytes[(row * Width + column) * 2 + part],
            ]);
    }
}
