using System.Text.Json.Nodes;

namespace Ayni.Llama.Tests;

/// <summary>
/// What a <c>config.json</c> leaves out has the defaults of transformers 5.17's <c>LlamaConfig</c>, <c>MistralConfig</c> and
/// <c>Llama4TextConfig</c>.
/// </summary>
public sealed class HuggingFaceConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_plain_llama_has_the_defaults_of_its_own()
    {
        var config = Read("LlamaForCausalLM");
        Assert.Equal((10_000, 1e-6f, 160, 32), (config.RopeTheta, config.RmsNormEpsilon, config.HeadDim, config.KeyValueHeadCount));
        Assert.Null(config.LocalAttention);
    }

    [Fact]
    public void A_mistral_has_the_defaults_of_its_own()
    {
        var config = Read("MistralForCausalLM");
        Assert.Equal((10_000, 1e-6f, 160, 8), (config.RopeTheta, config.RmsNormEpsilon, config.HeadDim, config.KeyValueHeadCount));
        Assert.Equal(new LocalAttention(LocalAttentionKind.Window, 4096), config.LocalAttention);
        Assert.Equal(32, Read("MistralForCausalLM", ("num_key_value_heads", null)).KeyValueHeadCount);
    }

    [Fact]
    public void A_llama_4_has_the_defaults_of_its_own()
    {
        var config = Read("Llama4ForCausalLM");
        Assert.Equal((500_000, 1e-5f, 128, 8), (config.RopeTheta, config.RmsNormEpsilon, config.HeadDim, config.KeyValueHeadCount));
        Assert.Equal((16384, 8192, 16), (config.IntermediateSize, config.Experts!.IntermediateSize, config.Experts.Count));
        Assert.Equal<int>([0, 1, 2, 3], config.Experts.Layers);
        Assert.Equal<int>([3], config.UnrotatedLayers);
        Assert.Equal(new LocalAttention(LocalAttentionKind.Chunk, 8192), config.LocalAttention);
        Assert.True(config.NormalizesHeads);
        Assert.NotNull(config.AttentionTemperature);
        var nulls = Read("Llama4ForCausalLM", ("head_dim", null), ("num_key_value_heads", null), ("attention_chunk_size", null));
        Assert.Equal((160, 32, null), (nulls.HeadDim, nulls.KeyValueHeadCount, nulls.LocalAttention));
    }

    [Theory]
    [InlineData("LlamaForCausalLM", "100", null)]
    [InlineData("Llama4ForCausalLM", "100", 8192)]
    [InlineData("MistralForCausalLM", "100", 100)]
    [InlineData("MistralForCausalLM", "null", null)]
    [InlineData("MistralForCausalLM", "16384", null)]
    public void Only_a_mistral_attends_in_a_sliding_window(string architecture, string window, int? attended) =>
        Assert.Equal(attended, Read(architecture, ("sliding_window", window)).LocalAttention?.Size);

    [Fact]
    public void How_each_layer_of_a_llama_4_attends_must_agree_with_its_other_fields()
    {
        const string Local = "\"chunked_attention\"", Whole = "\"full_attention\"";
        Read("Llama4ForCausalLM", ("layer_types", $"[{Local},{Local},{Local},{Whole}]"));
        Refuse($"[{Local},{Local},{Whole},{Local}]", "layer 2 is 'full_attention'");
        Refuse($"[{Local},{Local}]", "2 values for 4 layers");

        void Refuse(string types, string words)
        {
            var error = Assert.Throws<ModelFormatException>(() => Read("Llama4ForCausalLM", ("layer_types", types)));
            Assert.Equal("layer_types", error.Field);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }

    private LlamaConfig Read(string architecture, params (string Name, string? Value)[] fields)
    {
        var config = JsonNode.Parse("""
            {"hidden_size": 5120, "intermediate_size": 8192, "num_hidden_layers": 4, "num_attention_heads": 32, "vocab_size": 1000,
             "max_position_embeddings": 16384}
            """)!.AsObject();
        config["architectures"] = new JsonArray(architecture);
        foreach (var (name, value) in fields)
            config[name] = value is null ? null : JsonNode.Parse(value);
        var path = _folder.PathOf("config.json");
        File.WriteAllText(path, config.ToJsonString());
        return HuggingFaceConfig.Read(JsonFields.Read(path));
    }
}
