using System.Text;
using Ayni.Kernels;

namespace Ayni.Llama.Tests;

/// <summary>What is wrong with a Hugging Face folder is named: the file and the field, shard or tensor.</summary>
public sealed class HuggingFaceFolderTests
{
    private const string Config = """
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":8,"intermediate_size":4,"num_hidden_layers":1,
         "num_attention_heads":2,"num_key_value_heads":1,"vocab_size":3,"max_position_embeddings":16,"rms_norm_eps":1e-5}
        """;

    private static readonly (string Name, int[] Shape)[] Tensors =
    [
        ("model.embed_tokens.weight", [3, 8]), ("lm_head.weight", [3, 8]), ("model.norm.weight", [8]),
        ("model.layers.0.input_layernorm.weight", [8]), ("model.layers.0.post_attention_layernorm.weight", [8]),
        ("model.layers.0.self_attn.q_proj.weight", [8, 8]), ("model.layers.0.self_attn.k_proj.weight", [4, 8]),
        ("model.layers.0.self_attn.v_proj.weight", [4, 8]), ("model.layers.0.self_attn.o_proj.weight", [8, 8]),
        ("model.layers.0.mlp.gate_proj.weight", [4, 8]), ("model.layers.0.mlp.up_proj.weight", [4, 8]), ("model.layers.0.mlp.down_proj.weight", [8, 4]),
    ];

    [Fact]
    public void A_whole_folder_loads_with_derived_tensors_left_out()
    {
        using var folder = new TemporaryFolder();
        Write(folder, Config, "F16", 2, [.. Tensors, ("model.layers.0.self_attn.rotary_emb.inv_freq", [2])]);
        folder.Write("generation_config.json", "{\"eos_token_id\":[1,2]}"u8.ToArray());
        using var model = LlamaModel.Load(folder.Name, KernelTier.Simd, 1);
        Assert.Equal(2, model.Config.HeadCount);
        Assert.Equal([1, 2], model.EndOfGeneration.Order());
        Assert.Equal(16L, model.Metadata.FindInteger("max_position_embeddings"));
    }

    [Fact]
    public void A_tied_model_ignores_a_head_that_is_stored_all_the_same()
    {
        using var folder = new TemporaryFolder();
        Write(folder, Config.Replace("\"vocab_size\"", "\"tie_word_embeddings\":true,\"vocab_size\"", StringComparison.Ordinal), "F32", 4, Tensors);
        using var source = ModelSource.Open(folder.Name);
        Assert.DoesNotContain(source.Tensors, tensor => tensor.Name == "output.weight");
    }

    [Theory]
    [InlineData("lm_head.weight", null, "the folder's files do not have it")]
    [InlineData("model.layers.0.mlp.up_proj.weight", null, "the folder's files do not have it")]
    [InlineData("model.layers.0.self_attn.q_proj.weight", new[] { 4, 8 }, "has shape [4, 8]; the model's configuration asks for [8, 8]")]
    [InlineData("model.embed_tokens.weight", new[] { 5, 8 }, "asks for [3, 8]")]
    [InlineData("model.layers.0.self_attn.q_proj.bias", new[] { 7 }, "configuration asks for [8]")]
    [InlineData("model.layers.0.input_layernorm.bias", new[] { 8 }, "does not use it")]
    [InlineData("model.layers.1.mlp.up_proj.weight", new[] { 4, 8 }, "does not use it")]
    [InlineData("model.layers.00.mlp.up_proj.weight", new[] { 4, 8 }, "does not use it")]
    [InlineData("blk.0.attn_q.weight", new[] { 8, 8 }, "does not use it")]
    [InlineData("rope_freqs.weight", new[] { 2 }, "does not use it")]
    public void A_tensor_missing_misshapen_or_unknown_is_named(string name, int[]? shape, string words)
    {
        using var folder = new TemporaryFolder();
        var others = Tensors.Where(tensor => tensor.Name != name);
        Write(folder, Config, "F32", 4, [.. others, .. shape is null ? [] : ((string, int[])[])[(name, shape)]]);
        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(folder.Name, KernelTier.Simd, 1));
        Assert.Equal(name, error.Field);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("attention_bias", "model.layers.0.self_attn.q_proj.bias")]
    [InlineData("mlp_bias", "model.layers.0.mlp.gate_proj.bias")]
    public void A_bias_that_the_configuration_says_is_there_is_not_missed(string field, string tensor)
    {
        using var folder = new TemporaryFolder();
        Write(folder, Config.Replace("\"vocab_size\"", $"\"{field}\":true,\"vocab_size\"", StringComparison.Ordinal), "F32", 4, Tensors);
        Assert.Equal(tensor, Assert.Throws<ModelFormatException>(() => LlamaModel.Load(folder.Name, KernelTier.Simd, 1)).Field);
    }

    [Theory]
    [InlineData("F64", 8)]
    [InlineData("I64", 8)]
    [InlineData("F8_E4M3", 1)]
    public void A_type_that_is_not_computed_with_is_refused_with_the_tensor(string type, int bytes)
    {
        using var folder = new TemporaryFolder();
        Write(folder, Config, type, bytes, Tensors);
        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(folder.Name, KernelTier.Simd, 1));
        Assert.Equal("model.embed_tokens.weight", error.Field);
        Assert.Contains($"has type {type}, which Ayni does not read", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LlamaForCausalLM", "Qwen3ForCausalLM", "architectures", "'Qwen3ForCausalLM'")]
    [InlineData("\"hidden_size\":8", "\"hidden_size\":0", "hidden_size", "0 is not between")]
    [InlineData("\"hidden_size\":8,", "", "hidden_size", "missing")]
    [InlineData("\"hidden_size\":8", "\"hidden_size\":\"8\"", "hidden_size", "expected Number")]
    [InlineData("\"hidden_size\":8", "\"hidden_size\":8.5", "hidden_size", "not a whole number")]
    [InlineData("\"vocab_size\"", "\"head_dim\":3,\"vocab_size\"", "head_dim", "not even")]
    [InlineData("\"num_attention_heads\":2", "\"num_attention_heads\":3", "num_attention_heads", "do not divide")]
    [InlineData("\"num_key_value_heads\":1", "\"num_key_value_heads\":3", "num_key_value_heads", "do not divide")]
    [InlineData("\"vocab_size\"", "\"hidden_act\":\"gelu\",\"vocab_size\"", "hidden_act", "'gelu'")]
    [InlineData("LlamaForCausalLM\"]", "MistralForCausalLM\"],\"sliding_window\":0", "sliding_window", "between 1")]
    [InlineData("\"vocab_size\"", "\"quantization_config\":{\"quant_method\":\"fp8\"},\"vocab_size\"", "quantization_config.quant_method", "'fp8'")]
    [InlineData("1e-5", "0", "rms_norm_eps", "not a positive number")]
    [InlineData("\"vocab_size\"", "\"hidden_size\":9,\"vocab_size\"", "root", "not valid JSON")]
    [InlineData("{", "[", "root", "not valid JSON")]
    public void A_configuration_that_can_not_be_run_is_refused_by_its_field(string text, string replacement, string field, string words)
    {
        using var folder = new TemporaryFolder();
        Write(folder, Config.Replace(text, replacement, StringComparison.Ordinal), "F32", 4, Tensors);
        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(folder.Name, KernelTier.Simd, 1));
        Assert.Equal((folder.PathOf("config.json"), field), (error.Path, error.Field));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}", "weight_map", "'2.safetensors' is not here")]
    [InlineData("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"1.safetensors\"}}", "b", "says that this tensor is here")]
    [InlineData("{\"weight_map\":{\"a\":\"../1.safetensors\"}}", "weight_map.a", "in this folder")]
    [InlineData("{\"weight_map\":{\"a\":\"C:1.safetensors\"}}", "weight_map.a", "in this folder")]
    [InlineData("{\"weight_map\":{\"a\":7}}", "weight_map.a", "expected String")]
    [InlineData("{\"weight_map\":{}}", "weight_map", "0 files")]
    [InlineData("{}", "weight_map", "missing")]
    [InlineData("{\"weight_map\":{\"a\":\"1.safetensors\",\"c\":\"3.safetensors\"}}", "a", "is in 1.safetensors, too")]
    public void An_index_that_does_not_match_its_files_is_refused(string index, string field, string words)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", Encoding.UTF8.GetBytes(Config));
        folder.Write("1.safetensors", RawSafetensors.Of("F32", 4, ("a", [1])));
        folder.Write("3.safetensors", RawSafetensors.Of("F32", 4, ("a", [1]), ("c", [1])));
        folder.Write("model.safetensors.index.json", Encoding.UTF8.GetBytes(index));
        var error = Assert.Throws<ModelFormatException>(() => ModelSource.Open(folder.Name));
        Assert.Equal(field, error.Field);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_weights_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", Encoding.UTF8.GetBytes(Config));
        var error = Assert.Throws<ModelFormatException>(() => ModelSource.Open(folder.Name));
        Assert.Contains("neither this file nor its index", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_with_more_tokens_than_the_model_is_refused()
    {
        using var folder = new TemporaryFolder();
        Write(folder, Config, "F32", 4, Tensors);
        folder.Write("tokenizer.model", SmallVocabularies.SentencePieceFile(SmallVocabularies.SentencePieces()));
        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(folder.Name, KernelTier.Simd, 1));
        Assert.Equal((folder.PathOf("tokenizer.model"), "vocabulary"), (error.Path, error.Field));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("model.safetensors.index.json")]
    public void A_damaged_description_is_read_or_refused_and_nothing_else(string name)
    {
        const int Seed = 20261127, Files = 1500;
        const string More = """
            "head_dim":4,"rope_theta":500000.0,"attention_bias":false,"tie_word_embeddings":false,"hidden_act":"silu","eos_token_id":[1,2],
            "rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192},
            "vocab_size"
            """;
        using var folder = new TemporaryFolder();
        var contents = new Dictionary<string, string>
        {
            ["config.json"] = Config.Replace("\"vocab_size\"", More, StringComparison.Ordinal),
            ["generation_config.json"] = """{"_from_model_config":true,"bos_token_id":1,"eos_token_id":[1,2],"temperature":0.6}""",
            ["tokenizer_config.json"] = """{"bos_token":{"content":"<s>"},"chat_template":[{"name":"default","template":"{{ messages }}"}]}""",
            ["model.safetensors.index.json"] = $$$"""{"metadata":{"total_size":1},"weight_map":{{{{string.Join(
                ",", Tensors.Select(tensor => $"\"{tensor.Name}\":\"model-1.safetensors\""))}}}}}""",
        };
        foreach (var (file, content) in contents)
            folder.Write(file, Encoding.UTF8.GetBytes(content));
        folder.Write("model-1.safetensors", RawSafetensors.Of("F32", 4, Tensors));
        var valid = Encoding.UTF8.GetBytes(contents[name]);
        Read();
        var random = new Random(Seed);
        var (read, refused) = (0, 0);
        for (var i = 0; i < Files; i++)
        {
            var damaged = Mutation.Damage(valid, random);
            folder.Write(name, damaged);
            try
            {
                Read();
                read++;
            }
            catch (ModelFormatException error)
            {
                Assert.NotEmpty(error.Field);
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {Seed}, file {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
        }
        Assert.True(read > 0 && refused > Files / 4, $"{read} read, {refused} refused");

        void Read()
        {
            using var source = ModelSource.Open(folder.Name);
            source.ReadConfig(source.ReadTokenizer());
        }
    }

    private static void Write(TemporaryFolder folder, string config, string type, int bytesPerWeight, (string Name, int[] Shape)[] tensors)
    {
        folder.Write("config.json", Encoding.UTF8.GetBytes(config));
        folder.Write("model.safetensors", RawSafetensors.Of(type, bytesPerWeight, tensors));
    }
}
