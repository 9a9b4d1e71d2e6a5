using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>A Llama 4 as Meta distributes it has the weights and logits of the same model in Hugging Face's files, to the bit.</summary>
public sealed class MetaLlama4Tests : IDisposable
{
    private const string Scout = "llama4-scout-like", Maverick = "llama4-maverick-like";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, int, bool> Layouts => new()
    {
        { Scout, 1, true },
        { Scout, 2, true },
        { Scout, 4, false },
        { Maverick, 1, true },
        { Maverick, 2, true },
        { Maverick, 2, false },
        { Maverick, 4, false },
        { "llama4-tiny-chunk16", 2, true },
    };

    [ConformanceTheory]
    [MemberData(nameof(Layouts))]
    public void Parts_are_merged_to_the_same_bits(string name, int parts, bool isFused)
    {
        Write(name, parts, isFused);
        using var meta = ModelSource.Open(_folder.Name);
        using var original = ModelSource.Open(Conformance.PathOf("models", name));
        Assert.Equal(original.Tensors.Select(tensor => tensor.Name).Order(), meta.Tensors.Select(tensor => tensor.Name).Order());
        var found = meta.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var tensor in original.Tensors)
        {
            Assert.Equal(tensor.Dimensions.ToArray(), found[tensor.Name].Dimensions.ToArray());
            Assert.Equal((tensor.Type, tensor.Bytes), (found[tensor.Name].Type, found[tensor.Name].Bytes));
            Assert.Equal(Contents(original, tensor), Contents(meta, found[tensor.Name]));
        }
    }

    [ConformanceTheory]
    [MemberData(nameof(Layouts))]
    public void Logits_are_the_same_bits(string name, int parts, bool isFused)
    {
        Write(name, parts, isFused);
        using var meta = LlamaModel.Load(_folder.Name, KernelTier.Simd, threads: 2);
        using var original = LlamaModel.Load(Conformance.PathOf("models", name), KernelTier.Simd, threads: 2);
        // All that the file does not say is the context.
        Assert.Equivalent(original.Config with { ContextLength = meta.Config.ContextLength }, meta.Config, strict: true);
        Assert.Equal(name == Scout ? 10_485_760 : 1_048_576, meta.Config.ContextLength);
        var ids = ReferenceModel.Integers(ReferenceModel.Case(name, "start0").GetProperty("ids"));
        foreach (var start in (int[])[0, 8_150])
            Assert.Equal(Bits(ReferenceModel.Logits(original, ids, start)), Bits(ReferenceModel.Logits(meta, ids, start)));
    }

    [ConformanceTheory]
    [InlineData(Scout)]
    [InlineData(Maverick)]
    public void It_is_converted_to_the_same_bits(string name)
    {
        Write(name, parts: 2, isFused: true);
        var ids = ReferenceModel.Integers(ReferenceModel.Case(name, "start0").GetProperty("ids"));
        using var meta = LlamaModel.Load(_folder.Name, KernelTier.Simd, threads: 2);
        var expected = Bits(ReferenceModel.Logits(meta, ids));
        using var source = ModelSource.Open(_folder.Name);
        using var results = new TemporaryFolder();
        (ModelFormat, string)[] targets = [(ModelFormat.Gguf, "model.gguf"), (ModelFormat.Safetensors, "folder"), (ModelFormat.Meta, "meta")];
        foreach (var (format, target) in targets)
        {
            ModelConverter.Convert(source, results.PathOf(target), format, workers: 2);
            using var converted = LlamaModel.Load(results.PathOf(target), KernelTier.Simd, threads: 2);
            Assert.Equivalent(meta.Config, converted.Config with { RotaryScaling = meta.Config.RotaryScaling }, strict: true);
            Assert.Equal(expected, Bits(ReferenceModel.Logits(converted, ids)));
        }
    }

    [ConformanceTheory]
    [InlineData(Scout, false)]
    [InlineData(Scout, true)]
    [InlineData(Maverick, false)]
    [InlineData(Maverick, true)]
    [InlineData("llama4-tiny-chunk16", false)]
    [InlineData("llama4-tiny-chunk32", false)]
    public void It_is_written_with_every_tensor_and_logit_the_same_bits(string name, bool isGguf)
    {
        var path = isGguf ? WithoutTokenizer(name) : Conformance.PathOf("models", name);
        using var results = new TemporaryFolder();
        using var source = ModelSource.Open(path);
        ModelConverter.Convert(source, results.PathOf("meta"), ModelFormat.Meta, workers: 2);
        using var meta = ModelSource.Open(results.PathOf("meta"));
        Assert.Equal("Meta checkpoint", meta.Format);
        var found = meta.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var tensor in source.Tensors.Where(tensor => tensor.Name != "rope_freqs.weight"))
        {
            Assert.Equal(tensor.Dimensions.ToArray(), found[tensor.Name].Dimensions.ToArray());
            Assert.Equal(tensor.Type, found[tensor.Name].Type);
            Assert.Equal(Contents(source, tensor), Contents(meta, found[tensor.Name]));
            found.Remove(tensor.Name);
        }
        Assert.Empty(found);

        using var original = LlamaModel.Load(path, KernelTier.Simd, threads: 2);
        using var written = LlamaModel.Load(results.PathOf("meta"), KernelTier.Simd, threads: 2);
        var expected = original.Config with { ContextLength = written.Config.ContextLength, RotaryScaling = written.Config.RotaryScaling };
        Assert.Equivalent(expected, written.Config, strict: true);
        var ids = ReferenceModel.Integers(ReferenceModel.Case(name, "start0").GetProperty("ids"));
        foreach (var start in (int[])[0, 8_150])
            Assert.Equal(Bits(ReferenceModel.Logits(original, ids, start)), Bits(ReferenceModel.Logits(written, ids, start)));
    }

    [ConformanceTheory]
    [InlineData(Scout)]
    [InlineData(Maverick)]
    [InlineData("llama4-tiny-chunk16")]
    public void It_is_written_as_meta_writes_it(string name)
    {
        using var files = new RawMetaLlama4(name, parts: 1, isFused: true);
        using var source = ModelSource.Open(Conformance.PathOf("models", name));
        ModelConverter.Convert(source, _folder.PathOf("meta"), ModelFormat.Meta);
        using var checkpoint = TorchCheckpoint.Open(_folder.PathOf("meta/consolidated.00.pth"));
        var tensors = files.Part(0).Where(tensor => tensor.Storage == "BFloat16Storage").ToDictionary(tensor => tensor.Name);
        Assert.Equal(tensors.Keys.Order(), checkpoint.Tensors.Keys.Order());
        foreach (var tensor in checkpoint.Tensors.Values)
        {
            Assert.Equal(tensors[tensor.Name].Shape.Select(size => (long)size), tensor.Shape);
            Assert.Equal(tensors[tensor.Name].Data, checkpoint.Data(tensor).Span(0, (int)tensor.Bytes).ToArray());
        }

        // What Meta leaves out is as its code takes it to be; what it says for training alone, and of pictures, is not asked for.
        using var written = JsonDocument.Parse(File.ReadAllText(_folder.PathOf("meta/params.json")));
        using var metas = JsonDocument.Parse(files.Parameters());
        foreach (var field in metas.RootElement.EnumerateObject())
        {
            var isChosen = field.Name is "head_dim" or "vocab_size" or "vision_args" or "moe_args" or "use_scaled_rope" or "multiple_of"
                or "ffn_dim_multiplier";
            if (!isChosen)
                Assert.True(JsonElement.DeepEquals(field.Value, written.RootElement.GetProperty(field.Name)), field.Name);
        }
        var width = MetaConfig.FeedForwardWidth(
            written.RootElement.GetProperty("dim").GetInt32(), written.RootElement.GetProperty("ffn_dim_multiplier").GetDouble(),
            written.RootElement.GetProperty("multiple_of").GetInt32());
        Assert.Equal(source.ReadConfig(null).IntermediateSize, width);
    }

    [Theory]
    [InlineData(5120, 16384, 8192, 1.0)]
    [InlineData(64, 96, 48, 1.0)]
    [InlineData(32, 64, 16, null)]
    [InlineData(32, 64, 512, null)]
    [InlineData(96, 257, 131, null)]
    [InlineData(16384, 53248, 7, null)]
    public void Metas_capacity_gives_the_experts_width(int dim, int width, int expertWidth, double? capacity)
    {
        var (multiplier, multiple) = MetaConfigWriter.FeedForwardWidth(dim, width, expertWidth);
        var factor = MetaConfigWriter.CapacityFactor(dim, multiplier ?? 1, multiple, expertWidth);
        var whole = (long)((multiplier ?? 1) * (8L * dim / 3));
        var hidden = (long)(whole / (factor + 1));
        Assert.Equal((width, expertWidth), (RoundUp(whole), RoundUp(hidden)));
        if (capacity is { } known)
            Assert.Equal(known, factor);

        int RoundUp(long size) => (int)((size + multiple - 1) / multiple * multiple);
    }

    [ConformanceTheory]
    [InlineData("no_rope_layers", "[1,1,0,1,1]", null)]
    [InlineData("no_rope_layers", "[1,1,0,0,1]", "no_rope_layers")]
    [InlineData("no_rope_layers", "[0,1,1,1,1]", "no_rope_layers")]
    [InlineData("moe_layers", "[1,3]", null)]
    [InlineData("moe_layers", "[0,2,4]", "moe_layers")]
    [InlineData("moe_layers", "[1]", "moe_layers")]
    [InlineData("rope_scaling.low_freq_factor", "0.5", "rope_scaling")]
    [InlineData("rope_scaling.original_max_position_embeddings", "4096", "rope_scaling")]
    [InlineData("rope_scaling", """{"rope_type":"linear","factor":2.0}""", "rope_scaling")]
    [InlineData("rope_scaling.factor", "3.5", null)]
    [InlineData("attention_chunk_size", "null", null)]
    [InlineData("attn_temperature_tuning", "false", null)]
    [InlineData("use_qk_norm", "false", null)]
    [InlineData("floor_scale", "12.5", null)]
    public void Each_field_is_said_or_refused_by_its_name(string field, string value, string? refused)
    {
        var path = _folder.PathOf("config.json");
        File.Copy(Conformance.PathOf("models", Scout, "config.json"), path);
        Change(field, value, "config.json");
        var config = HuggingFaceConfig.Read(JsonFields.Read(path));
        if (refused is not null)
        {
            var error = Assert.Throws<ModelFormatException>(() => MetaConfigWriter.Write(path, config));
            Assert.Equal((path, refused), (error.Path, error.Field));
            return;
        }
        File.WriteAllText(_folder.PathOf("params.json"), MetaConfigWriter.Write(path, config).ToJsonString());
        var back = MetaConfig.Read(JsonFields.Read(_folder.PathOf("params.json")), name => new ModelTensor
        {
            Name = name,
            StoredName = name,
            TypeName = "F32",
            Type = TensorType.F32,
            Dimensions = [config.HiddenSize, name.Contains("_exps.", StringComparison.Ordinal) ? config.Experts!.IntermediateSize : config.IntermediateSize],
            Bytes = 0,
            Offset = 0,
            Path = path,
        });
        Assert.Equivalent(config with { ContextLength = back.ContextLength }, back, strict: true);
    }

    [ConformanceFact]
    public void What_is_one_tensor_in_metas_files_has_one_type_there()
    {
        using var source = ModelSource.Open(WithoutTokenizer(Scout, halved: "blk.1.attn_v.weight"));
        var error = Assert.Throws<ModelFormatException>(() => ModelConverter.Convert(source, _folder.PathOf("meta"), ModelFormat.Meta));
        Assert.Equal("blk.1.attn_v.weight", error.Field);
        Assert.Contains("give a type for all", error.Message, StringComparison.Ordinal);
        Assert.Equal([_folder.PathOf("model.gguf")], Directory.GetFileSystemEntries(_folder.Name));
        ModelConverter.Convert(source, _folder.PathOf("meta"), ModelFormat.Meta, QuantizationMix.Find("F16"));
        using var meta = ModelSource.Open(_folder.PathOf("meta"));
        Assert.All(meta.Tensors, tensor => Assert.Equal(TensorType.F16, tensor.Type));
    }

    [ConformanceFact]
    public void Parameters_may_lie_in_an_object_of_their_own()
    {
        Write(Scout, parts: 1, isFused: true);
        var plain = Config();
        File.WriteAllText(_folder.PathOf("params.json"), $$"""{"model": {{File.ReadAllText(_folder.PathOf("params.json"))}}}""");
        Assert.Equivalent(plain, Config(), strict: true);
        Change("model.norm_eps", "0");
        Assert.Equal("model.norm_eps", Refused().Field);
    }

    [ConformanceFact]
    public void Without_experts_and_chunks_it_is_the_guard()
    {
        Write(Maverick, parts: 2, isFused: true);
        foreach (var field in (string[])["moe_args", "attention_chunk_size", "nope_layer_interval"])
            Change(field, "null");
        Change("n_layers", "1");
        RemoveTensors(name => name.StartsWith("layers.", StringComparison.Ordinal) && !name.StartsWith("layers.0.", StringComparison.Ordinal));
        using var model = LlamaModel.Load(_folder.Name, KernelTier.Simd, threads: 2);
        Assert.Null(model.Config.Experts);
        Assert.Null(model.Config.LocalAttention);
        Assert.Empty(model.Config.UnrotatedLayers);
        Assert.Equal((64, 8_192), (model.Config.IntermediateSize, model.Config.ContextLength));
        var logits = ReferenceModel.Logits(model, [1, 2, 3]);
        Assert.All(logits, value => Assert.True(float.IsFinite(value)));

        using var source = ModelSource.Open(_folder.Name);
        using var results = new TemporaryFolder();
        ModelConverter.Convert(source, results.PathOf("folder"), ModelFormat.Safetensors);
        using var converted = LlamaModel.Load(results.PathOf("folder"), KernelTier.Simd, threads: 2);
        Assert.Equivalent(model.Config, converted.Config, strict: true);
        Assert.Equal(Bits(logits), Bits(ReferenceModel.Logits(converted, [1, 2, 3])));
        ModelConverter.Convert(source, results.PathOf("meta"), ModelFormat.Meta);
        using var again = LlamaModel.Load(results.PathOf("meta"), KernelTier.Simd, threads: 2);
        Assert.Equivalent(model.Config, again.Config, strict: true);
        Assert.Equal(Bits(logits), Bits(ReferenceModel.Logits(again, [1, 2, 3])));
        var error = Assert.Throws<ModelFormatException>(() => ModelConverter.Convert(source, results.PathOf("m.gguf"), ModelFormat.Gguf));
        Assert.Equal("num_local_experts", error.Field);
    }

    [ConformanceTheory]
    [InlineData("moe_args.top_k", "2", "moe_args.top_k")]
    [InlineData("moe_args.num_experts", "0", "moe_args.num_experts")]
    [InlineData("moe_args.num_experts", "-1", "moe_args.num_experts")]
    [InlineData("moe_args.num_experts", "9223372036854775807", "moe_args.num_experts")]
    [InlineData("moe_args.num_experts", "\"4\"", "moe_args.num_experts")]
    [InlineData("moe_args.num_experts", "7", "layers.0.feed_forward.experts.moe_w_in_eD_F")]
    [InlineData("moe_args.num_experts", "8", "layers.0.feed_forward.experts.moe_w_in_eD_F")]
    [InlineData("moe_args.interleave_moe_layer_step", "0", "moe_args.interleave_moe_layer_step")]
    [InlineData("moe_args.interleave_moe_layer_step", "6", "moe_args.interleave_moe_layer_step")]
    [InlineData("moe_args.interleave_moe_layer_step", "2", "layers.0.feed_forward.mlp.fc1_weight")]
    [InlineData("moe_args", "[]", "moe_args")]
    [InlineData("moe_args", "null", "layers.0.feed_forward.experts.moe_w_in_eD_F")]
    [InlineData("nope_layer_interval", "-4", "nope_layer_interval")]
    [InlineData("nope_layer_interval", "1.5", "nope_layer_interval")]
    [InlineData("attention_chunk_size", "-1", "attention_chunk_size")]
    [InlineData("attention_chunk_size", "99999999999", "attention_chunk_size")]
    [InlineData("floor_scale", "0", "floor_scale")]
    [InlineData("attn_scale", "1e400", "attn_scale")]
    [InlineData("use_qk_norm", "\"yes\"", "use_qk_norm")]
    [InlineData("rope_theta", "-1", "rope_theta")]
    [InlineData("rope_scaling_factor", "0", "rope_scaling_factor")]
    [InlineData("ffn_dim_multiplier", "1e300", "ffn_dim_multiplier")]
    [InlineData("multiple_of", "0", "multiple_of")]
    [InlineData("n_layers", "16777216", "layers.16777215.attention.wqkv.layer_norm_weight")]
    [InlineData("n_layers", "4", "layers.4.attention.wqkv.layer_norm_weight")]
    [InlineData("n_heads", "3", "layers.0.attention.wqkv.weight")]
    [InlineData("n_kv_heads", "1", "layers.0.attention.wqkv.weight")]
    [InlineData("head_dim", "8", "layers.0.attention.wqkv.weight")]
    [InlineData("quantization_args", "{\"group_size\":32}", "quantization_args")]
    [InlineData("lora_args", "{\"rank\":8}", "lora_args")]
    public void Parameters_that_can_not_be_run_are_refused_by_their_field(string field, string value, string named)
    {
        Write(Scout, parts: 2, isFused: true);
        Change(field, value);
        Assert.Equal(named, Refused().Field);
    }

    [ConformanceFact]
    public void A_tensor_that_is_missing_misshapen_or_there_twice_is_named()
    {
        using var written = new RawMetaLlama4(Maverick, parts: 2, isFused: true);
        written.Write(_folder);
        Change("vocab_size", "320");
        // One layer of each kind, and what is in none.
        var names = written.Part(0).Select(tensor => tensor.Name)
            .Where(name => name.Split('.') is not ["layers", "0" or "1", ..] and not [.., "_extra_state"] && !MetaNames.IsLeftOut(name));
        foreach (var name in names)
        {
            if (name != "output.weight") // Without it the embeddings are taken, as of tied models.
                Refusal(tensor => tensor.Name == name ? null : tensor, Asked(name));
            Refusal(tensor => tensor.Name == name ? tensor with { Name = name + "s" } : tensor, Asked(name), name + "s");
            // A row less; and, of matrices, a column less.
            Refusal(tensor => tensor.Name == name ? Cut(tensor, 0) : tensor, name);
            Refusal(tensor => tensor.Name == name ? Cut(tensor, tensor.Shape.Length - 1) : tensor, name);
            Refusal(tensor => tensor.Name == name ? tensor with { Shape = [0, 5], Data = [] } : tensor, name);
            Refusal(tensor => tensor.Name == name ? tensor with { Shape = [1, .. tensor.Shape, 1] } : tensor, name);
        }
        var twin = written.Part(0).First(tensor => tensor.Name == "layers.1.attention.wqkv.layer_norm_weight") with { Name = "layers.1.attention_norm.weight" };
        var error = RefusalOf([.. written.Part(0), twin]);
        Assert.Equal("layers.1.attention_norm.weight", error.Field);
        Assert.Contains("under the name layers.1.attention.wqkv.layer_norm_weight, too", error.Message, StringComparison.Ordinal);

        void Refusal(Func<RawTensor, RawTensor?> change, params string[] named) =>
            Assert.Contains(RefusalOf([.. written.Part(0).Select(change).OfType<RawTensor>()]).Field, named);

        ModelFormatException RefusalOf(RawTensor[] tensors)
        {
            // The same in both parts: that parts differ is another fault.
            foreach (var part in (string[])["consolidated.00.pth", "consolidated.01.pth"])
                _folder.Write(part, RawCheckpoint.Of(tensors));
            return Refused();
        }

        // Of two names for the same, one is asked for.
        static string Asked(string name) => name.Replace("mlp.layer_norm_weight", "norm.weight", StringComparison.Ordinal);

        static RawTensor Cut(RawTensor tensor, int dimension)
        {
            int[] shape = [.. tensor.Shape];
            shape[dimension]--;
            return tensor with { Shape = shape, Data = tensor.Data[..(shape.Aggregate(1, (product, size) => product * size) * 2)] };
        }
    }

    [ConformanceFact]
    public void Heads_that_can_not_be_shared_out_among_the_parts_are_refused()
    {
        Write(Scout, parts: 4, isFused: true);
        var error = Refused();
        Assert.Equal("layers.0.attention.wqkv.weight", error.Field);
        Assert.Contains("4 heads and 2 key-value heads can't be shared out among 4 parts", error.Message, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public void Parameters_that_are_damaged_are_read_or_refused_and_nothing_else()
    {
        const int Seed = 20270119, Files = 400;
        Write(Maverick, parts: 1, isFused: true);
        var path = _folder.PathOf("params.json");
        var valid = File.ReadAllBytes(path);
        var random = new Random(Seed);
        var (read, refused) = (0, new HashSet<string>());
        for (var i = 0; i < Files; i++)
        {
            var damaged = Mutation.Damage(valid, random);
            File.WriteAllBytes(path, damaged);
            try
            {
                _ = Config();
                read++;
            }
            catch (ModelFormatException error)
            {
                refused.Add(error.Field);
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {Seed}, file {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
        }
        Assert.InRange(read, Files / 50, Files * 9 / 10);
        Assert.True(refused.Count > 8, $"only {string.Join(", ", refused)}");
    }

    [ConformanceFact]
    public void A_tokenizer_that_metas_file_can_not_say_is_refused()
    {
        using var source = ModelSource.Open(Conformance.PathOf("models", Scout, $"{Scout}-f32.gguf"));
        var error = Assert.Throws<ModelFormatException>(() => ModelConverter.Convert(source, _folder.PathOf("meta"), ModelFormat.Meta));
        Assert.Equal("tokenizer", error.Field);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Name));
    }

    /// <summary>A reference model in GGUF without its invented tokenizer, perhaps with a tensor of nothing but zeros in F16.</summary>
    private string WithoutTokenizer(string name, string? halved = null)
    {
        using var original = GgufFile.Open(Conformance.PathOf("models", name, $"{name}-f32.gguf"));
        var writer = new GgufWriter();
        foreach (var key in original.Metadata.Keys.Where(key => !key.StartsWith("tokenizer.", StringComparison.Ordinal)))
            writer.Add(key, original.Metadata.Find(key)!);
        writer.Add("tokenizer.ggml.model", GgufTokenizer.NoTokenizer);
        foreach (var tensor in original.Tensors)
        {
            var data = original.Data(tensor).Span(0, (int)tensor.Bytes).ToArray();
            if (tensor.Name == halved)
                writer.AddTensor(tensor.Name, TensorType.F16, tensor.Dimensions, stream => stream.Write(new byte[data.Length / 2]));
            else
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, stream => stream.Write(data));
        }
        writer.Save(_folder.PathOf("model.gguf"));
        return _folder.PathOf("model.gguf");
    }

    private void Write(string name, int parts, bool isFused)
    {
        using var files = new RawMetaLlama4(name, parts, isFused);
        files.Write(_folder);
    }

    private LlamaConfig Config()
    {
        using var source = ModelSource.Open(_folder.Name);
        return source.ReadConfig(null);
    }

    private ModelFormatException Refused() =>
        Assert.Throws<ModelFormatException>(() => LlamaModel.Load(_folder.Name, KernelTier.Simd, threads: 1).Dispose());

    private void RemoveTensors(Func<string, bool> isRemoved)
    {
        using var files = new RawMetaLlama4(Maverick, parts: 2, isFused: true);
        for (var part = 0; part < 2; part++)
            _folder.Write($"consolidated.0{part}.pth", RawCheckpoint.Of(files.Part(part).Where(tensor => !isRemoved(tensor.Name))));
    }

    /// <summary>Sets a field of <c>params.json</c>, or of another file.</summary>
    private void Change(string field, string value, string name = "params.json")
    {
        var path = _folder.PathOf(name);
        var file = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        var names = field.Split('.');
        var target = names[..^1].Aggregate(file, (node, part) => node[part]!.AsObject());
        target[names[^1]] = "\u0001";
        File.WriteAllText(path, file.ToJsonString().Replace("\"\\u0001\"", value, StringComparison.Ordinal));
    }

    private static byte[][] Contents(ModelSource source, ModelTensor tensor) =>
    [
        .. Enumerable.Range(0, tensor.IsExpertStack ? (int)tensor.Dimensions[2] : 1).Select(matrix =>
        {
            using var content = tensor.IsExpertStack ? source.ReadExpert(tensor, matrix) : source.Read(tensor);
            return content.Data.Span(0, (int)content.Data.Bytes).ToArray();
        }),
    ];

    private static int[] Bits(float[] logits) => MemoryMarshal.Cast<float, int>(logits).ToArray();
}
