using System.Text.Json.Nodes;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Writes a model's configuration as Hugging Face's <c>config.json</c>, <c>generation_config.json</c> and <c>tokenizer_config.json</c>.
/// </summary>
internal static class HuggingFaceConfigWriter
{
    /// <summary><c>config.json</c>: that of the source, if it is one, but for the type of the weights.</summary>
    /// <param name="source">The model.</param>
    /// <param name="config">Its shape.</param>
    /// <param name="type">The type of most weights.</param>
    /// <param name="tokenizer">Its tokenizer, or null.</param>
    /// <param name="ends">The ids at which generations end.</param>
    public static JsonObject Write(ModelSource source, LlamaConfig config, TensorType type, Tokenizer? tokenizer, IReadOnlyList<int> ends)
    {
        var fields = source is HuggingFaceSource ? TextFields(source.ConfigPath) : Fields(source, config, tokenizer, ends);
        fields.Remove("dtype");
        fields["torch_dtype"] = type switch
        {
            TensorType.F32 => "float32",
            TensorType.F16 => "float16",
            _ => "bfloat16",
        };
        return fields;
    }

    /// <summary><c>generation_config.json</c>.</summary>
    public static JsonObject WriteGeneration(Tokenizer? tokenizer, IReadOnlyList<int> ends) =>
        new() { ["_from_model_config"] = true, ["bos_token_id"] = tokenizer?.BeginOfText, ["eos_token_id"] = Ends(ends) };

    /// <summary><c>tokenizer_config.json</c>.</summary>
    public static JsonObject WriteTokenizer(TokenizerDescription description, string? chatTemplate, int contextLength)
    {
        var tokenizer = description.Tokenizer;
        var fields = new JsonObject
        {
            ["add_bos_token"] = tokenizer.AddsBeginOfText,
            ["add_eos_token"] = false,
            ["bos_token"] = Special(tokenizer.BeginOfText),
            ["eos_token"] = Special(tokenizer.EndOfText),
            ["clean_up_tokenization_spaces"] = false,
            ["model_max_length"] = contextLength,
            ["tokenizer_class"] = description.IsBytePair ? "PreTrainedTokenizerFast" : "LlamaTokenizer",
        };
        if (tokenizer is SentencePieceTokenizer pieces)
        {
            fields["unk_token"] = Special(pieces.Format.UnknownId);
            fields["add_prefix_space"] = pieces.Format.AddsDummySpace;
            fields["legacy"] = true;
        }
        if (chatTemplate is not null)
            fields["chat_template"] = chatTemplate;
        return fields;

        // A token that text can give is none that this file may name.
        string? Special(int? id) => id is { } known && description.Types[known] is TokenType.Control or TokenType.Unknown or TokenType.UserDefined
            ? description.Tokens[id.Value] : null;
    }

    /// <summary>A Hugging Face file's own fields; of a model that sees pictures, too, those of its language model.</summary>
    private static JsonObject TextFields(string path)
    {
        var fields = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        if (fields["text_config"] is not JsonObject text)
            return fields;
        text = text.DeepClone().AsObject();
        text["architectures"] = new JsonArray("Llama4ForCausalLM");
        return text;
    }

    private static JsonObject Fields(ModelSource source, LlamaConfig config, Tokenizer? tokenizer, IReadOnlyList<int> ends)
    {
        var isLlama4 = GgufConfigWriter.IsLlama4(config);
        var hasWindow = config.LocalAttention?.Kind == LocalAttentionKind.Window;
        var (architecture, type) = isLlama4 ? ("Llama4ForCausalLM", "llama4_text") : hasWindow ? ("MistralForCausalLM", "mistral") : ("LlamaForCausalLM", "llama");
        var fields = new JsonObject
        {
            ["architectures"] = new JsonArray(architecture),
            ["model_type"] = type,
            ["attention_bias"] = HasBiases(source, hasWindow, "attn_q.bias", "attn_k.bias", "attn_v.bias", "attn_output.bias"),
            ["attention_dropout"] = JsonText.Real(0.0),
            ["bos_token_id"] = tokenizer?.BeginOfText,
            ["eos_token_id"] = Ends(ends),
            ["head_dim"] = config.HeadDim,
            ["hidden_act"] = "silu",
            ["hidden_size"] = config.HiddenSize,
            ["initializer_range"] = JsonText.Real(0.02),
            ["intermediate_size"] = config.IntermediateSize,
            ["max_position_embeddings"] = config.ContextLength,
            ["mlp_bias"] = HasBiases(source, hasWindow, "ffn_gate.bias", "ffn_up.bias", "ffn_down.bias"),
            ["num_attention_heads"] = config.HeadCount,
            ["num_hidden_layers"] = config.LayerCount,
            ["num_key_value_heads"] = config.KeyValueHeadCount,
            ["rms_norm_eps"] = JsonText.Real(config.RmsNormEpsilon),
            ["rope_scaling"] = Scaling(config.RotaryScaling),
            ["rope_theta"] = JsonText.Real(config.RopeTheta),
            ["tie_word_embeddings"] = source.Tensors.All(tensor => tensor.Name != "output.weight"),
            ["use_cache"] = true,
            ["vocab_size"] = config.VocabularySize,
        };
        if (hasWindow)
            fields["sliding_window"] = config.LocalAttention!.Value.Size;
        if (isLlama4)
            AddLlama4(fields, config);
        return fields;
    }

    private static void AddLlama4(JsonObject fields, LlamaConfig config)
    {
        // The guard has none, and says so by zeros.
        var experts = config.Experts;
        fields.Remove("mlp_bias");
        fields["intermediate_size"] = experts?.IntermediateSize ?? config.IntermediateSize;
        fields["intermediate_size_mlp"] = config.IntermediateSize;
        fields["num_local_experts"] = experts?.Count ?? 0;
        fields["num_experts_per_tok"] = 1;
        fields["interleave_moe_layer_step"] = experts is { Layers: [var first, ..] } ? first + 1 : 0;
        fields["moe_layers"] = new JsonArray([.. (experts?.Layers ?? []).Select(layer => (JsonNode)layer)]);
        fields["no_rope_layers"] = new JsonArray([.. Enumerable.Range(0, config.LayerCount).Select(layer => (JsonNode)(config.IsRotated(layer) ? 1 : 0))]);
        fields["attention_chunk_size"] = config.LocalAttention?.Size;
        fields["use_qk_norm"] = config.NormalizesHeads;
        fields["attn_temperature_tuning"] = config.AttentionTemperature is not null;
        if (config.AttentionTemperature is { } temperature)
        {
            // Transformers takes whole steps only, and refuses one written with a point.
            fields["floor_scale"] = temperature.Floor == Math.Truncate(temperature.Floor) ? (long)temperature.Floor : JsonText.Real(temperature.Floor);
            fields["attn_scale"] = JsonText.Real(temperature.Scale);
        }
    }

    /// <summary>One or several ids, or none.</summary>
    private static JsonNode? Ends(IReadOnlyList<int> ends) => ends switch
    {
        [] => null,
        [var only] => only,
        _ => new JsonArray([.. ends.Select(id => (JsonNode)id)]),
    };

    private static JsonObject? Scaling(RotaryScaling? scaling) => scaling switch
    {
        LinearRotaryScaling => new() { ["rope_type"] = "linear", ["factor"] = JsonText.Real(scaling.Factor) },
        Llama3RotaryScaling llama3 => new()
        {
            ["rope_type"] = "llama3",
            ["factor"] = JsonText.Real(llama3.Factor),
            ["low_freq_factor"] = JsonText.Real(llama3.LowFrequencyFactor),
            ["high_freq_factor"] = JsonText.Real(llama3.HighFrequencyFactor),
            ["original_max_position_embeddings"] = llama3.OriginalContextLength,
        },
        YarnRotaryScaling yarn => new()
        {
            ["rope_type"] = "yarn",
            ["factor"] = JsonText.Real(yarn.Factor),
            ["original_max_position_embeddings"] = yarn.OriginalContextLength,
            ["attention_factor"] = JsonText.Real(yarn.AttentionFactor),
            ["beta_fast"] = JsonText.Real(yarn.BetaFast),
            ["beta_slow"] = JsonText.Real(yarn.BetaSlow),
            ["truncate"] = yarn.Truncates,
        },
        _ => null,
    };

    /// <summary>All of some biases are there, or none: the configuration can't say less.</summary>
    private static bool HasBiases(ModelSource source, bool hasWindow, params string[] parts)
    {
        var biases = source.Tensors.Where(tensor => parts.Any(part => tensor.Name.EndsWith("." + part, StringComparison.Ordinal))).ToArray();
        var matrices = source.Tensors.Count(
            tensor => parts.Any(part => tensor.Name.EndsWith("." + part.Replace(".bias", ".weight", StringComparison.Ordinal), StringComparison.Ordinal)));
        if (biases.Length > 0 && (biases.Length != matrices || hasWindow))
            throw biases[0].Error("Hugging Face's configuration knows biases of all these matrices or of none, and none beside a sliding window");
        return biases.Length > 0;
    }
}
